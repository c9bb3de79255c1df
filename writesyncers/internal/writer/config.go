package writer

import (
	"time"

	base "example.com/zaphandlers/zapcore"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	"example.com/zaphandlers/writesyncers/internal/rotation"
)

// SyncPolicy says when records are synced to the disk.
type SyncPolicy int

// The policies have the numbers of writesyncers.FsyncPolicy.
const (
	SyncOnSync SyncPolicy = iota
	SyncNever
	SyncOnRotate
	SyncInterval
	SyncEach
)

// Config makes a Writer. It is checked already, and has its defaults.
type Config struct {
	Path       string // absolute
	Flags      int    // for the first opening, besides those for appending
	Delay      bool   // open at the first record
	MakeDirs   bool
	File       appendfile.Options
	Encode     func(dst, src []byte) ([]byte, error) // may be nil
	Header     []byte                                // what an empty file begins with
	Sync       SyncPolicy
	SyncEvery  time.Duration // of SyncInterval
	Buffer     int           // bytes; 0: none
	FlushEvery time.Duration // the longest a record stays in the buffer; 0 or less: as long as there is room
	Symlink    string        // a link to make that leads to Path, absolute; "": none
	Report     *base.Reporter

	Watch    *Watch             // if set, the strategy is watch; excludes Rotation
	Rotation *rotation.Rotation // if set, the strategy is rotate
	Period   *rotation.Period   // when the Rotation rolls over by time; nil: by size only
}

// Watch says how the path is watched.
type Watch struct {
	Every  time.Duration // how long one look at the path counts; 0: every record looks; below 0: only Look and Reopen look
	Notify bool          // inotify is used even on file systems where it sees only what is done on this machine
}
