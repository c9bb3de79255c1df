package writesyncers

// FsyncPolicy says when records are put on the disk, and not only handed to the kernel. A crash of the program loses
// nothing either way; a crash of the machine loses what was not put on the disk. An fsync of a few records takes some
// 100 µs on a good disk.
type FsyncPolicy int

const (
	FsyncOnSync   FsyncPolicy = iota // at each Sync, which zap calls after a record above Error. The default
	FsyncNever                       // when the kernel thinks fit
	FsyncOnRotate                    // a file that was rolled out, before it is closed; of one that never rolls over an error
	FsyncInterval                    // FsyncEvery after a record at the latest, at each Sync, and at Close
	FsyncEach                        // before Write returns; callers that wait together share one fsync
)
