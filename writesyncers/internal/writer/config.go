package writer

import (
	"time"

	base "example.com/zaphandlers/zapcore"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	"example.com/zaphandlers/writesyncers/internal/rotation"
)

// SyncPolicy says when records are put on the disk; the numbers are those of writesyncers.FsyncPolicy.
type SyncPolicy int

// The policies.
const (
	SyncOnSync SyncPolicy = iota
	SyncNever
	SyncOnRotate
	SyncInterval
	SyncEach
)

// Config is everything there is to know about a Writer, checked and with defaults in place.
type Config struct {
	Path       string // absolute
	Flags      int    // of the first opening, besides those of appending
	Delay      bool   // open at the first record
	MakeDirs   bool
	File       appendfile.Options
	Encode     func(dst, src []byte) ([]byte, error) // may be nil
	Header     []byte                                // what an empty file begins with
	Sync       SyncPolicy
	SyncEvery  time.Duration // of SyncInterval
	Buffer     int           // bytes; 0: none
	FlushEvery time.Duration // of a record in the buffer; not above 0: as long as there is room
	Symlink    string        // leads to Path, absolute; "": none
	Report     *base.Reporter

	Watch    *Watch             // the strategy; at most one of the two
	Rotation *rotation.Rotation // the same
	Period   *rotation.Period   // that the Rotation goes by; nil: by size only
}

// Watch says how the path is watched.
type Watch struct {
	Every  time.Duration // how long a look is trusted; 0: not at all; below 0: only Look and Reopen look
	Notify bool          // the kernel is asked even where it sees only what is done on this machine
}
