package zapcore

import "encoding/json"

// Stats counts records. At every quiet moment, when no call is under way,
//
//	Accepted = Delivered + Dropped + Skipped + Pending
//
// so whoever adds them up sees whether anything is missing. A record whose Write returned an error was never accepted: it is
// Refused, and the caller knows. Attempts are counted there, not records: one that a queue tries again and again is Refused at its target
// each time, and Accepted once.
type Stats struct {
	Accepted  uint64 `json:"accepted"`  // Write or WriteBatch took it
	Delivered uint64 `json:"delivered"` // the destination has it: the kernel for a socket without acknowledgement, else its acknowledgement
	Dropped   uint64 `json:"dropped"`   // accepted, then given up
	Skipped   uint64 `json:"skipped"`   // accepted, then not wanted: below a target's level, dropped by a hook, discarded by a recorder
	Pending   uint64 `json:"pending"`   // accepted and still held
	Refused   uint64 `json:"refused"`   // not accepted: Write returned an error
}

// Missing returns what the sum above lacks: 0 unless something was lost silently, or a call is under way.
func (s Stats) Missing() int64 {
	return int64(s.Accepted - s.Delivered - s.Dropped - s.Skipped - s.Pending)
}

// String returns the counts as one JSON object. A Stats is what the counts were when it was taken: publish them with package
// expvar by expvar.Func(func() any { return core.Stats() }).
func (s Stats) String() string {
	text, _ := json.Marshal(s) // numbers always can be
	return string(text)
}
