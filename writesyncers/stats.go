package writesyncers

import (
	"encoding/json"

	base "example.com/zaphandlers/zapcore"
)

// ErrClosed is what a writer's error wraps after Close. It wraps [os.ErrClosed].
var ErrClosed = base.ErrClosed

// LostError is what Close returns if it had to leave records of the Buffer behind.
type LostError = base.LostError

// Stats counts what a writer did since it was made. For records it is the count that every core of this module keeps:
//
//	Accepted = Delivered + Dropped + Pending
//
// Delivered are those the kernel has, Pending those in the Buffer, and Refused those whose Write returned an error.
type Stats struct {
	base.Stats

	Bytes      uint64 `json:"bytes"`      // that reached the file or stream, headers and torn records included
	Opens      uint64 `json:"opens"`      // of files, the first included
	Repeated   uint64 `json:"repeated"`   // records that a WatchedFile wrote to two files, to be sure
	Rotations  uint64 `json:"rotations"`  // rollovers done
	Compressed uint64 `json:"compressed"` // backups compressed
	Errors     uint64 `json:"errors"`     // of steps where no caller waited for the answer; OnError heard of the first of a kind
}

// String returns the counts as one JSON object. A Stats is what the counts were when it was taken: publish them with package
// expvar by expvar.Func(func() any { return file.Stats() }).
func (s Stats) String() string {
	text, _ := json.Marshal(s) // numbers always can be
	return string(text)
}
