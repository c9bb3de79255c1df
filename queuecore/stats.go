package queuecore

import (
	"encoding/json"
	"slices"

	base "example.com/zaphandlers/zapcore"
)

// TargetStats is what became of the records at one target. Every record that the queue accepts is accepted for each target.
type TargetStats struct {
	Stats

	Drops      []Drop // what Dropped is made of, by level and cause
	DeadLetter uint64 // dropped records that the dead-letter Core has taken
	Notices    uint64 // records "records dropped" that were delivered; they are counted nowhere else
}

// Targets returns the counts of each target, in the order of Config.Targets with the members of a Tee in its place.
func (c *Core) Targets() []TargetStats {
	q := c.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	targets := make([]TargetStats, len(q.listeners))
	for i, l := range q.listeners {
		targets[i] = TargetStats{
			Stats:      l.reader.Stats(),
			Drops:      slices.Clone(l.drops),
			DeadLetter: l.dead,
			Notices:    l.notices,
		}
	}
	return targets
}

// String returns all counts as JSON, so that a Core can be published with package expvar.
func (c *Core) String() string {
	type counts struct {
		Accepted   uint64 `json:"accepted"`
		Delivered  uint64 `json:"delivered"`
		Dropped    uint64 `json:"dropped"`
		Skipped    uint64 `json:"skipped"`
		Pending    uint64 `json:"pending"`
		Refused    uint64 `json:"refused"`
		Drops      []Drop `json:"drops,omitempty"`
		DeadLetter uint64 `json:"dead_letter,omitempty"`
		Notices    uint64 `json:"notices,omitempty"`
	}
	of := func(s base.Stats) counts {
		return counts{Accepted: s.Accepted, Delivered: s.Delivered, Dropped: s.Dropped, Skipped: s.Skipped, Pending: s.Pending, Refused: s.Refused}
	}
	all := struct {
		counts
		Bytes   int      `json:"bytes"`
		Limit   int      `json:"max_bytes"`
		Targets []counts `json:"targets"`
	}{counts: of(c.Stats())}
	for _, t := range c.Targets() {
		one := of(t.Stats)
		one.Drops, one.DeadLetter, one.Notices = t.Drops, t.DeadLetter, t.Notices
		all.Targets = append(all.Targets, one)
	}
	c.queue.mu.Lock()
	all.Bytes, all.Limit = c.queue.arena.Used(), c.queue.arena.Limit()
	c.queue.mu.Unlock()
	text, err := json.Marshal(all)
	if err != nil {
		return "{}" // it is plain numbers and texts
	}
	return string(text)
}
