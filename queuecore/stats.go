package queuecore

import (
	"encoding/json"
	"slices"
)

// TargetStats is what became of the records at one target. Every record that the queue accepts is accepted for each target.
type TargetStats struct {
	Stats

	Drops      []Drop `json:"drops,omitempty"`       // what Dropped is made of, by level and cause
	DeadLetter uint64 `json:"dead_letter,omitempty"` // dropped records that the dead-letter Core has taken
	Notices    uint64 `json:"notices,omitempty"`     // records "records dropped" that were delivered; they are counted nowhere else
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
			Notices:    l.notice.sent,
		}
	}
	return targets
}

// String returns all counts as JSON, so that a Core can be published with package expvar.
func (c *Core) String() string {
	all := struct {
		Stats
		Bytes   int           `json:"bytes"`
		Limit   int           `json:"max_bytes"`
		Targets []TargetStats `json:"targets"`
	}{Stats: c.Stats(), Targets: c.Targets()}
	c.queue.mu.Lock()
	all.Bytes, all.Limit = c.queue.arena.Used(), c.queue.arena.Limit()
	c.queue.mu.Unlock()
	return jsonText(all)
}

// jsonText is counts as JSON.
func jsonText(counts any) string {
	text, err := json.Marshal(counts)
	if err != nil {
		return "{}" // they are plain numbers and texts
	}
	return string(text)
}
