package arena

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// model is the specification of an Arena: one list of records for each reader, without blocks, lists, claims or pins.
type model struct {
	limit, used int
	records     []*modelRecord // in the order of Put; never shortened
	readers     []*modelReader
	stats       base.Stats
}

type modelRecord struct {
	id       uint64
	level    zapcore.Level
	size     int
	outcomes []string // by reader; "" is not yet
	gone     bool     // evicted, or resolved by all
}

type modelReader struct {
	stats base.Stats
}

func (m *model) put(level zapcore.Level, n int) {
	m.records = append(m.records, &modelRecord{
		id: uint64(len(m.records)), level: level, size: Size(n), outcomes: make([]string, len(m.readers)),
	})
	m.used += Size(n)
	m.stats.Accepted++
}

func (m *model) resolve(reader int, r *modelRecord, outcome string) {
	r.outcomes[reader] = outcome
	s := &m.readers[reader].stats
	switch outcome {
	case "delivered":
		s.Delivered++
	case "skipped", "passed":
		s.Skipped++
	case "dropped":
		s.Dropped++
	}
}

// collect counts the records that every reader has resolved. The arena does so for all records before the first that some
// reader still works on.
func (m *model) collect() {
	for _, r := range m.records {
		all, dropped, skipped := true, false, 0
		for _, f := range r.outcomes {
			all = all && f != "" && f != "claimed"
			dropped = dropped || f == "dropped"
			if f == "skipped" || f == "passed" {
				skipped++
			}
		}
		if r.gone {
			continue
		}
		if !all {
			continue
		}
		r.gone = true
		m.used -= r.size
		switch {
		case dropped:
			m.stats.Dropped++
		case skipped == len(m.readers):
			m.stats.Skipped++
		default:
			m.stats.Delivered++
		}
	}
}

// unclaimed returns the oldest record of a lane that some reader has not claimed.
func (m *model) unclaimed(l Lane) *modelRecord {
	for _, r := range m.records {
		if LaneOf(r.level) != l {
			continue
		}
		for _, f := range r.outcomes {
			if f == "" {
				return r
			}
		}
	}
	return nil
}

// tapeOf returns bytes that say which record they are, to be seen damaged if they are.
func tapeOf(id uint64, n int) []byte {
	tape := make([]byte, n)
	for i := range tape {
		tape[i] = byte(id) + byte(i)
	}
	binary.LittleEndian.PutUint64(tape, id)
	return tape
}

var levels = []zapcore.Level{
	zapcore.DebugLevel, zapcore.InfoLevel, zapcore.InfoLevel, zapcore.InfoLevel, zapcore.WarnLevel, zapcore.ErrorLevel, zapcore.FatalLevel,
}

// TestArenaAgainstModel runs random schedules of puts, claims, walks, resolutions and evictions on an arena and on the model.
func TestArenaAgainstModel(t *testing.T) {
	schedules := 200
	if testing.Short() {
		schedules = 100
	}
	for seed := range uint64(schedules) {
		t.Run(fmt.Sprint("schedule ", seed), func(t *testing.T) { runSchedule(t, seed) })
	}
}

func runSchedule(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	readers := 1 + rng.IntN(3)
	limit := 4<<10 + rng.IntN(60<<10)
	a := New(limit, readers)
	m := &model{limit: limit}
	seen := make([]uint64, readers) // the next sequence number that the reader may see, at least
	for range readers {
		m.readers = append(m.readers, &modelReader{})
	}
	steps := 50 + rng.IntN(400)
	for step := range steps {
		switch i := rng.IntN(readers); rng.IntN(12) {
		case 0, 1, 2, 3: // put
			n := 8 + rng.IntN(300)
			if rng.IntN(50) == 0 {
				n = 8 + rng.IntN(limit)
			}
			level := levels[rng.IntN(len(levels))]
			for !a.Fits(n) {
				l := Low
				for l < Urgent && !hasOldest(a, l) {
					l++
				}
				if !evict(t, a, m, l) {
					break
				}
			}
			if a.Fits(n) {
				id := a.Put(level, tapeOf(a.Next(), n))
				require.Equal(t, uint64(len(m.records)), id)
				m.put(level, n)
			}
		case 4, 5, 6: // claim and walk
			a.Reader(i).Claim(rng.IntN(8 << 10))
			markClaimed(a, m, i)
			for range rng.IntN(60) {
				tape, level, ok := a.Reader(i).Next()
				if !ok {
					break
				}
				id := binary.LittleEndian.Uint64(tape)
				require.GreaterOrEqual(t, id, seen[i], "records come in the order in which they were put, once")
				for skipped := seen[i]; skipped < id; skipped++ {
					require.Contains(t, []string{"dropped", "passed"}, m.records[skipped].outcomes[i], "reader %d was not shown record %d", i, skipped)
				}
				seen[i] = id + 1
				require.Equal(t, tapeOf(id, len(tape)), tape)
				require.Equal(t, m.records[id].level, level)
			}
		case 7, 8: // resolve some
			resolveSome(rng, a, m, i, rng.IntN(a.Reader(i).Len()+1))
		case 9:
			l := Lane(rng.IntN(Lanes))
			evict(t, a, m, l)
			if rng.IntN(4) == 0 {
				a.Trim(true)
			}
		case 10, 11:
			passOverSome(t, a, m, rng)
		}
		if step%4 == 0 {
			check(t, a, m)
		}
	}
	for i := range readers { // drain
		r := a.Reader(i)
		for r.Claim(1 << 10) {
			for _, _, ok := r.Next(); ok; _, _, ok = r.Next() {
			}
			markClaimed(a, m, i)
			resolveSome(rng, a, m, i, r.Len())
		}
		resolveSome(rng, a, m, i, r.Len())
		check(t, a, m)
	}
	require.Zero(t, a.Used())
	require.Zero(t, a.Stats().Pending)
	require.Zero(t, a.Stats().Missing())
	require.LessOrEqual(t, countBlocks(a), 2*Lists, "blocks of records that are gone are free")
	a.Trim(true)
	for l := range a.lists {
		require.Empty(t, a.lists[l].tail.buf, "nothing is left of list %d", l)
	}
	require.Empty(t, a.blocks.free)
}

func evict(t *testing.T, a *Arena, m *model, l Lane) bool {
	want := m.unclaimed(l)
	level, losers, ok := a.Evict(l)
	require.Equal(t, want != nil, ok)
	if !ok {
		return false
	}
	require.Equal(t, want.level, level)
	for i := range m.readers {
		if want.outcomes[i] == "" {
			require.Contains(t, losers, a.Reader(i))
			m.resolve(i, want, "dropped")
		} else {
			require.NotContains(t, losers, a.Reader(i))
		}
	}
	if !want.gone {
		want.gone = true
		m.used -= want.size
		m.stats.Dropped++
	}
	return true
}

func hasOldest(a *Arena, l Lane) bool {
	losers, _ := a.Oldest(l)
	return len(losers) > 0
}

// passOverSome has readers pass over what they do not want, of levels chosen at random, and tells the model. What was passed over must be
// unwanted by those who passed it, and resolved by all others; and nothing of the kind may be left at the front of a list.
func passOverSome(t *testing.T, a *Arena, m *model, rng *rand.Rand) {
	unwanted := make([]map[zapcore.Level]bool, len(m.readers))
	for i := range unwanted {
		unwanted[i] = map[zapcore.Level]bool{}
		for _, l := range levels {
			unwanted[i][l] = rng.IntN(2) == 0
		}
	}
	before := uint64(rng.IntN(2*len(m.records) + 1))
	for a.PassOver(func(reader int, sequence uint64, l zapcore.Level) bool {
		return sequence < before && unwanted[reader][l]
	}) {
	}
	resolved := func(f string) bool { return f != "" && f != "claimed" }
	for l := range Lists {
		number, oldest := uint64(0), true
		for _, r := range m.records {
			if listOf(r.level) != l {
				continue
			}
			var open []int // readers that have not claimed it
			for i := range m.readers {
				if r.outcomes[i] == "" && number < a.Reader(i).next[l].number {
					require.Less(t, r.id, before)
					require.True(t, unwanted[i][r.level], "reader %d passed over a record that it wants", i)
					m.resolve(i, r, "passed")
					for other := range m.readers {
						require.True(t, resolved(r.outcomes[other]) || number < a.Reader(other).next[l].number && unwanted[other][r.level], "reader %d is not done with record %d", other, r.id)
					}
				}
				if r.outcomes[i] == "" {
					open = append(open, i)
				}
			}
			if len(open) > 0 && oldest {
				oldest = false
				kept := r.id >= before
				for i := range m.readers {
					switch {
					case slices.Contains(open, i):
						kept = kept || !unwanted[i][r.level]
					default:
						kept = kept || a.Reader(i).done <= r.id
					}
				}
				require.True(t, kept, "nothing keeps record %d", r.id)
			}
			number++
		}
	}
}

// markClaimed tells the model what a claim took hold of: everything before the reader's next.
func markClaimed(a *Arena, m *model, i int) {
	for l := range Lists {
		number := uint64(0)
		for _, r := range m.records {
			if listOf(r.level) != l {
				continue
			}
			if number < a.Reader(i).next[l].number && r.outcomes[i] == "" {
				r.outcomes[i] = "claimed"
			}
			number++
		}
	}
}

func resolveSome(rng *rand.Rand, a *Arena, m *model, i, n int) {
	r := a.Reader(i)
	for k := range n {
		id := binary.LittleEndian.Uint64(r.Tape(k))
		outcome := []base.Outcome{base.Delivered, base.Delivered, base.Skipped, base.GaveUp}[rng.IntN(4)]
		r.SetOutcome(k, outcome)
		m.resolve(i, m.records[id], map[base.Outcome]string{base.Delivered: "delivered", base.Skipped: "skipped", base.GaveUp: "dropped"}[outcome])
	}
	r.Resolve(n)
}

func check(t *testing.T, a *Arena, m *model) {
	m.collect()
	for i, mr := range m.readers {
		s := a.Reader(i).Stats()
		require.Zero(t, s.Missing(), "reader %d: %v", i, s)
		require.Equal(t, mr.stats.Delivered, s.Delivered)
		require.Equal(t, mr.stats.Skipped, s.Skipped)
		require.Equal(t, mr.stats.Dropped, s.Dropped)
	}
	s := a.Stats()
	require.Zero(t, s.Missing(), "%v", s)
	require.Equal(t, m.stats.Accepted, s.Accepted)
	// A record waits for those before it that some reader still works on.
	require.LessOrEqual(t, s.Delivered, m.stats.Delivered)
	require.LessOrEqual(t, s.Skipped, m.stats.Skipped)
	require.GreaterOrEqual(t, a.Used(), m.used)
	require.LessOrEqual(t, a.Used(), a.Limit())
}

func countBlocks(a *Arena) int {
	n := 0
	for l := range a.lists {
		for b := a.lists[l].head; b != nil; b = b.next {
			n++
		}
	}
	return n
}
