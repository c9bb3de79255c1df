package writesyncers

import (
	"encoding/json"

	base "example.com/zaphandlers/zapcore"
)

// ErrClosed is wrapped by the errors of a writer after Close. It wraps [os.ErrClosed].
var ErrClosed = base.ErrClosed

// LostError is what Close returns if it could not write all records of the Buffer.
type LostError = base.LostError

// Stats counts what a writer has done since it was made. It counts records as every core of this module does:
//
//	Accepted = Delivered + Dropped + Pending
//
// Delivered records are in the kernel, Pending ones in the Buffer; Refused are those whose Write returned an error.
type Stats struct {
	base.Stats

	Bytes      uint64 `json:"bytes"`      // that reached the file or stream, headers and torn records included
	Opens      uint64 `json:"opens"`      // of files, the first included
	Repeated   uint64 `json:"repeated"`   // records that a WatchedFile wrote to two files, to be sure
	Rotations  uint64 `json:"rotations"`  // rollovers done
	Compressed uint64 `json:"compressed"` // backups compressed
	Errors     uint64 `json:"errors"`     // for which no caller waited; OnError got the first of each kind
}

// String returns the counts as one JSON object. A Stats does not change after it was taken: to publish the counts with package
// expvar, use expvar.Func(func() any { return file.Stats() }).
func (s Stats) String() string {
	text, _ := json.Marshal(s) // numbers always can be
	return string(text)
}
