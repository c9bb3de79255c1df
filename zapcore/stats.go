package zapcore

import "encoding/json"

// Stats counts records. While no call is running,
//
//	Accepted = Delivered + Dropped + Skipped + Pending
//
// so the sum shows whether anything is missing. A record whose Write returned an error was never accepted: it is
// Refused, and the caller knows. Refused counts attempts: a record that a queue tries again and again is Refused at its target
// each time, and Accepted once.
type Stats struct {
	Accepted  uint64 `json:"accepted"`  // Write or WriteBatch took it
	Delivered uint64 `json:"delivered"` // the destination acknowledged it; without acknowledgements, the kernel took it
	Dropped   uint64 `json:"dropped"`   // accepted, then given up
	Skipped   uint64 `json:"skipped"`   // accepted, then not wanted: below a target's level, dropped by a hook, discarded by a recorder
	Pending   uint64 `json:"pending"`   // accepted and still held
	Refused   uint64 `json:"refused"`   // not accepted: Write returned an error
}

// Missing returns by how much Accepted exceeds the sum: 0 unless something was lost silently, or a call is running.
func (s Stats) Missing() int64 {
	return int64(s.Accepted - s.Delivered - s.Dropped - s.Skipped - s.Pending)
}

// String returns the counts as one JSON object. A Stats is a snapshot: to publish the counts with package expvar, use
// expvar.Func(func() any { return core.Stats() }).
func (s Stats) String() string {
	text, _ := json.Marshal(s) // numbers never fail
	return string(text)
}
