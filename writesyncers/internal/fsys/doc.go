// Package fsys is what the file writers need of the operating system and of the file system under a path, and what of it
// differs from one to the next: one file a system and subject.
//
//	who is this file     Identity, Identify, LeadsTo, IsNameOf, HasName, Birth
//	who else has it      LockShared, TryLockExclusive, Unlock, Held; Directory with TryLock
//	who writes to it     MarkWriter, WrittenByOthers, OpenForWriting, InUse
//	how names change     RenameNoReplace, Rename, OpenMovable, ShortName, Unique, SyncDirectory; RenamesOpenFiles, OpensAhead
//	who may read it      CopyAccess
//	what happens to it   Watch, AwaitWrite
//	how it is written    Descriptor
//	what it can do       Probe, Capabilities; IsLocal, CanShare
//
// It holds no state but open descriptors and knows nothing of logs, rotation or backups. Functions are safe for concurrent
// use; Watch is its owner's.
//
// # File systems
//
// What a file system promises is found by trying, not by its name:
//
//	                                    Links   NoReplace   BirthTime   Locks
//	ext4, xfs, btrfs, tmpfs, overlay    yes     yes         yes         yes
//	ext2, ext3 with 128-byte inodes     yes     yes         no          yes
//	bindfs, mergerfs, encfs, sshfs      no      no          no          yes      a second name is a second inode
//	exFAT, FAT                          no      no          no          yes      there are no second names
//
// Where a rename that replaces nothing is not to be had, looking and renaming are two steps. Nothing here ever stands in for a
// rename by making a second name and removing the first: on a file system of the third row the open file and the new name
// would be two files to the kernel, and who appends to one overwrites the other.
package fsys
