package disklog

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each appended record is read in order, and once, unless a part of a failed write cannot be cut off: whichever system calls fail now and
// then, and although the log is closed or its process killed, and opened again.
func TestFaultsAtRandom(t *testing.T) {
	for seed := range uint64(1000) {
		f := newFaults(t, seed)
		for range 60 {
			f.step()
		}
		if f.over {
			continue
		}
		f.calm = true
		for range 20 {
			f.append()
			f.read()
		}
		require.Empty(t, f.batch, "seed %d: nothing can be appended any more", seed)
		require.Less(t, len(f.m.files), 13, "seed %d: files gather", seed)
		f.check(seed)
	}
}

// faults is a log on a disk of which some kinds of call fail now and then, and what was appended to it and read from it.
type faults struct {
	t       *testing.T
	rnd     *rand.Rand
	m       *memory
	failing map[string]bool // kinds of calls
	calm    bool            // none does any more
	each    bool            // each batch is synced
	options Options
	log     *Log
	synced  *Synced

	reader   *Reader // nil: it begins where the cursor is
	written  int
	batch    [][]byte // that is not taken yet
	appended []string
	got      []string
	damaged  uint64 // in logs that were closed
	over     bool   // nothing can be said of what follows
}

func newFaults(t *testing.T, seed uint64) *faults {
	f := &faults{t: t, rnd: rand.New(rand.NewPCG(seed, 1)), m: newMemory(), failing: make(map[string]bool)}
	share := []float64{0.02, 0.1, 0.3}[f.rnd.IntN(3)]
	for _, kind := range []string{"open", "remove", "write", "truncate", "sync", "sync names", "read"} {
		f.failing[kind] = f.rnd.IntN(2) == 0
	}
	f.m.fail = func(kind string) error {
		if !f.calm && f.failing[kind] && f.rnd.Float64() < share {
			return errors.New("I/O error of " + kind)
		}
		return nil
	}
	keep := f.rnd.IntN(2) == 0
	f.each = keep && f.rnd.IntN(2) == 0
	f.options = Options{Keep: keep, SegmentBytes: []int64{1, 500, 3000}[f.rnd.IntN(3)], files: f.m, OnError: func(error) {}}
	f.open()
	return f
}

// open opens the log. What cannot be read then is another test's matter.
func (f *faults) open() {
	reads := f.failing["read"]
	f.failing["read"] = false
	for f.log = nil; f.log == nil; {
		f.log, _ = Open(f.options)
	}
	f.failing["read"] = reads
	f.synced, f.reader = NewSynced(f.log), nil
}

func (f *faults) step() {
	switch n := f.rnd.IntN(30); {
	case f.over:
	case n < 15:
		f.append()
	case n < 18:
		_ = f.log.Sync()
	case n < 24:
		f.read()
	case n < 25:
		f.openAgain()
	}
}

// append appends a batch, or the last one again if that was refused.
func (f *faults) append() {
	if f.batch == nil {
		for range 1 + f.rnd.IntN(4) {
			f.written++
			f.batch = append(f.batch, fmt.Appendf(nil, "%d %*d", f.written, f.rnd.IntN(80), 0))
		}
	}
	appendTo := f.log.Append
	if f.each {
		appendTo = f.synced.Append
	}
	if _, err := appendTo(f.batch); err != nil {
		return
	}
	for _, record := range f.batch {
		f.appended = append(f.appended, string(record))
	}
	f.batch = nil
}

// read reads what there is, and acknowledges it.
func (f *faults) read() {
	for range 300 {
		if f.reader == nil {
			number, err := f.log.Cursor("c")
			if err != nil {
				continue
			}
			f.reader = f.log.NewReader(number)
		}
		var records []string
		last, err := f.reader.Read(400, func(b []byte) bool { records = append(records, string(b)); return true })
		switch {
		case last == 0 && err == nil:
			return
		case last == 0:
		case f.log.Ack("c", last) != nil:
			f.reader = nil // to read the same again
		default:
			f.got = append(f.got, records...)
		}
	}
}

// openAgain closes the log, or has its process killed, and opens it again.
func (f *faults) openAgain() {
	if f.each && f.batch != nil {
		return // who appends has forgotten that it may be there
	}
	f.damaged += f.log.Stats().Damaged
	kill := f.rnd.IntN(2) == 0
	for _, s := range f.log.segments {
		kill = kill && !s.uncut
	}
	if !kill && f.log.Close() != nil {
		f.over = true // of what could not be cut off
		return
	}
	f.open()
}

func (f *faults) check(seed uint64) {
	if missing := len(f.appended) - len(f.got); missing > 0 && uint64(missing) == f.damaged+f.log.Stats().Damaged {
		return // what could not be read for long
	}
	got := f.got
	if f.failing["truncate"] { // what was refused may be there, too
		got = nil
		for _, record := range f.got {
			if len(got) < len(f.appended) && record == f.appended[len(got)] {
				got = append(got, record)
			}
		}
	}
	require.Equal(f.t, f.appended, got, "seed %d", seed)
}
