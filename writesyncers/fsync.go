package writesyncers

// FsyncPolicy says when records are synced to the disk (fsync), and not only handed to the kernel. A crash of the program loses
// nothing either way; a crash of the machine loses what was not synced. An fsync of a few records takes some 100 µs on a
// good disk.
type FsyncPolicy int

const (
	FsyncOnSync   FsyncPolicy = iota // at each Sync, which zap calls after a record above Error. The default
	FsyncNever                       // never: the kernel decides when
	FsyncOnRotate                    // a file that is rolled over, before it is closed; an error for a File, and one that never rolls over
	FsyncInterval                    // at most FsyncEvery after a record, at each Sync, and at Close
	FsyncEach                        // before Write returns; callers that wait at the same time share one fsync
)
