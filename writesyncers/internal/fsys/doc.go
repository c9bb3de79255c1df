// Package fsys has what the file writers need of the operating system and the file system, and hides how these differ: one file for each
// system and subject.
//
//	identity of a file      Identity, Identify, LeadsTo, IsNameOf, HasName, Birth
//	who else uses it        LockShared, TryLockExclusive, Unlock, Held; Directory with TryLock; LockBeginning
//	who writes to it        MarkWriter, WrittenByOthers, OpenForWriting, InUse
//	names                   RenameNoReplace, Rename, OpenMovable, MakeDirectory, Readlink, ShortName, Unique, SyncDirectory;
//	                        RenamesOpenFiles, OpensAhead, Stays
//	who may read it         CopyAccess
//	what happens to it      Watch, AwaitWrite
//	how it is written       Descriptor, OpenStandard
//	what a system can do    Probe, Capabilities; IsLocal, CanShare
//
// It holds no state but open descriptors, and knows nothing of logs, rotation or backups. Functions are safe for concurrent
// use; a Watch is not.
//
// # File systems
//
// What a file system promises is found by trying, not by its name:
//
//	                                    Links   NoReplace   BirthTime   Locks
//	ext4, xfs, btrfs, tmpfs, overlay    yes     yes         yes         yes
//	ext2, ext3 with 128-byte inodes     yes     yes         no          yes
//	bindfs, mergerfs, encfs, sshfs      no      no          no          yes      a second name is a second inode
//	exFAT, FAT                          no      no          no          yes      there are no hard links
//
// Without a rename that replaces nothing (NoReplace), checking and renaming are two steps. Nothing here replaces a rename by making
// a second name and removing the first: on a file system of the third row the open file and the new name would be two files to the
// kernel, and appending to one would overwrite the other.
package fsys
