//go:build unix

package spool

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sys/unix"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

const limit = 64 << 10

func tape(t testing.TB, message string) []byte {
	var r base.Record
	require.NoError(t, r.Capture(zapcore.Entry{Message: message}, base.Context{}, nil))
	return append([]byte(nil), r.Bytes()...)
}

func message(tape []byte) string {
	var r base.Record
	r.View(tape)
	return r.Entry().Message
}

// open opens a spool and an arena on it, with what it held.
func open(t testing.TB, dir string, names ...string) (*Spool, *arena.Arena) {
	t.Helper()
	s, err := Open(dir, limit, names)
	require.NoError(t, err)
	a := arena.WithBacking(s.Backing(), limit, len(names))
	for _, r := range s.Records {
		a.Restore(r.Sequence, zapcore.InfoLevel, r.Tape)
	}
	a.SetNext(s.Next)
	require.NoError(t, s.Begin())
	return s, a
}

// kill gives up a spool as the end of a process does.
func kill(s *Spool) { s.Close(false, false) }

func messages(records []Record) []string {
	all := []string{}
	for _, r := range records {
		all = append(all, message(r.Tape))
	}
	return all
}

func put(t testing.TB, a *arena.Arena, messages ...string) {
	for _, m := range messages {
		require.True(t, a.Fits(len(tape(t, m))))
		a.Put(zapcore.InfoLevel, tape(t, m))
	}
}

// take has a reader deliver some records.
func take(a *arena.Arena, reader, n int) {
	r := a.Reader(reader)
	for r.Len() < n && r.Claim(1<<30) {
		for r.Len() < n {
			if _, _, ok := r.Next(); !ok {
				break
			}
		}
	}
	r.Resolve(r.Len())
}

func TestWhatWasPutIsThere(t *testing.T) {
	dir := t.TempDir()
	s, a := open(t, dir, "a", "b")
	put(t, a, "one", "two", strings.Repeat("large", 2000), "four")
	take(a, 0, 2)
	take(a, 1, 1)
	kill(s)
	s, a = open(t, dir, "a", "b")
	require.Empty(t, s.Notes)
	require.Equal(t, []string{"two", strings.Repeat("large", 2000), "four"}, messages(s.Records))
	require.Equal(t, uint64(2), s.Done("a"))
	require.Equal(t, uint64(1), s.Done("b"))
	require.Equal(t, uint64(4), a.Next())
	put(t, a, "five")
	kill(s)
	s, _ = open(t, dir, "b", "new")
	require.Equal(t, []string{"two", strings.Repeat("large", 2000), "four", "five"}, messages(s.Records))
	require.Equal(t, uint64(1), s.Done("new"), "who is new begins with the oldest that somebody had not got")
	kill(s)
	s, _ = open(t, dir, "other")
	require.Len(t, s.Records, 4)
	kill(s)
}

func TestRecordsOfATargetThatIsNoMoreAreTold(t *testing.T) {
	dir := t.TempDir()
	s, a := open(t, dir, "a", "b")
	put(t, a, "one", "two")
	take(a, 0, 2)
	kill(s)
	s, _ = open(t, dir, "a")
	require.Empty(t, s.Records)
	require.Len(t, s.Notes, 1)
	require.ErrorContains(t, s.Notes[0], "records for targets that are no more: 2")
	kill(s)

	for _, tt := range []struct {
		why   string
		names []string
		want  string
	}{
		{"that b has some of them to come, too, is no help to c", []string{"a", "b"}, "records for targets that are no more: 1"},
		{"of two that are no more the one that had less counts", []string{"a"}, "records for targets that are no more: 2"},
		{"who is new gets them all: it may be the same under another name", []string{"a", "b", "d"}, ""},
		{"nothing was left for a", []string{"b", "c"}, ""},
	} {
		dir := t.TempDir()
		s, a := open(t, dir, "a", "b", "c")
		put(t, a, "one", "two", "three")
		take(a, 0, 3)
		take(a, 1, 1)
		take(a, 2, 2)
		kill(s)
		s, _ = open(t, dir, tt.names...)
		if tt.want == "" {
			require.Empty(t, s.Notes, tt.why)
		} else {
			require.Len(t, s.Notes, 1, tt.why)
			require.ErrorContains(t, s.Notes[0], tt.want, tt.why)
		}
		kill(s)
	}
}

// TestBlocksComeAndGo has random puts and deliveries, and a kill now and then: what no reader has got is always there.
func TestBlocksComeAndGo(t *testing.T) {
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 4))
		dir := t.TempDir()
		s, a := open(t, dir, "a")
		want := []string{} // put and not taken
		resumes := uint64(0)
		for i := range 2000 {
			switch rng.IntN(5) {
			case 0, 1, 2:
				size := rng.IntN(300)
				if rng.IntN(50) == 0 {
					size = rng.IntN(20 << 10)
				}
				m := fmt.Sprint(i, strings.Repeat(".", size))
				if tp := tape(t, m); a.Fits(len(tp)) {
					a.Put(zapcore.Level(rng.IntN(4)), tp)
					want = append(want, m)
				}
			case 3:
				r := a.Reader(0)
				r.Claim(rng.IntN(8 << 10))
				n := rng.IntN(40)
				for range n {
					tp, _, ok := r.Next()
					if !ok {
						break
					}
					if r.Sequence(r.Len()-1) >= resumes {
						require.Equal(t, want[0], message(tp))
						want = want[1:]
					}
				}
				r.Resolve(r.Len())
			case 4:
				if rng.IntN(40) == 0 {
					kill(s)
					s, a = open(t, dir, "a")
					require.Empty(t, s.Notes)
					resumes = s.Done("a")
					all := messages(s.Records)
					require.Equal(t, want, all[len(all)-len(want):])
					for _, r := range s.Records[:len(all)-len(want)] {
						require.Less(t, r.Sequence, resumes)
					}
				}
			}
		}
		kill(s)
	}
}

// file makes a spool with some records, and returns its bytes.
func file(t testing.TB) (data []byte, want []string) {
	dir := t.TempDir()
	s, a := open(t, dir, "a", "b")
	for i := range 60 {
		want = append(want, fmt.Sprint("record ", i))
	}
	want = append(want, strings.Repeat("large", 2000))
	put(t, a, want...)
	kill(s)
	data, err := os.ReadFile(filepath.Join(dir, "arena.spool"))
	require.NoError(t, err)
	return data, want
}

func TestAFileCutOffAnywhere(t *testing.T) {
	data, want := file(t)
	last := 0
	step := 0
	for n := 0; n < len(data) && last < len(want); n += step {
		switch {
		case n < headerBytes, n >= unitsAt && n < unitsAt+arena.BlockSize(limit):
			step = 1
		case n < unitsAt-61: // header and cursors: no record yet
			step = 61
		default: // behind the first block of records
			step = 511
		}
		c, err := parse(data[:n])
		if n < headerBytes {
			require.Error(t, err)
			continue
		}
		require.NoError(t, err)
		got := messages(c.Records)
		require.Equal(t, want[:min(60, len(got))], got[:min(60, len(got))], "cut at %d: a whole record is there, and nothing else", n)
		require.GreaterOrEqual(t, len(got), last)
		last = len(got)
	}
	require.Equal(t, len(want), last)
}

// TestAnyBitMayFlip: never a panic, and never more lost than a record, or a block if its header is hit.
func TestAnyBitMayFlip(t *testing.T) {
	data, want := file(t)
	rng := rand.New(rand.NewPCG(1, 1))
	c, err := parse(data)
	require.NoError(t, err)
	require.Equal(t, want, messages(c.Records))
	flips := 10_000
	if testing.Short() || raceEnabled {
		flips = 500
	}
	used := unitsAt + 24*(arena.BlockSize(limit)+unitHeader)
	for range flips {
		bit := rng.IntN(8 * min(used, len(data)))
		data[bit/8] ^= 1 << (bit % 8)
		c, err := parse(data)
		require.NoError(t, err, "the header has a copy")
		lost := len(want) - len(c.Records)
		unit := arena.BlockSize(limit) + unitHeader
		if at := bit/8 - unitsAt; at >= 0 && at%unit < unitHeader {
			require.LessOrEqual(t, lost, unit/40, "a block")
		} else {
			require.LessOrEqual(t, lost, 1, "bit %d", bit)
		}
		if lost > 0 {
			require.NotZero(t, c.Damaged, "what is lost is told: bit %d of byte %d", bit%8, bit/8)
		}
		for _, r := range c.Records {
			require.Contains(t, want, message(r.Tape), "nothing is made up")
		}
		for name, number := range c.Cursors {
			require.Zero(t, number, "cursor %q is not believed", name)
		}
		data[bit/8] ^= 1 << (bit % 8)
	}
}

func TestAFileThatIsNoneIsPutAside(t *testing.T) {
	whole, _ := file(t)
	other := append([]byte(nil), whole...)
	for _, at := range []int{0, pageSize} {
		header{unit: 5000, units: 9}.put(other[at:])
		other[at+8] = 2 // the version
	}
	damaged := append([]byte(nil), whole...)
	damaged[3], damaged[pageSize+3] = 0, 0
	for name, data := range map[string][]byte{"of another version": other, "damaged in both headers": damaged, "empty": {}, "text": []byte("hello")} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "arena.spool"), data, 0o600))
			s, a := open(t, dir, "a")
			require.Len(t, s.Notes, 1)
			require.ErrorContains(t, s.Notes[0], "is put aside as")
			put(t, a, "it works")
			kill(s)
			aside, err := filepath.Glob(filepath.Join(dir, "arena.aside-*"))
			require.NoError(t, err)
			require.Len(t, aside, 1)
			s, _ = open(t, dir, "a")
			require.Equal(t, []string{"it works"}, messages(s.Records))
			kill(s)
		})
	}
}

// A file that is no spool may be endless.
func TestAFileOfAnySizeOrKind(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "arena.spool")
	s, a := open(t, dir, "a")
	put(t, a, "it works")
	kill(s)
	const sparse = 1 << 42
	if err := os.Truncate(path, sparse); err != nil {
		t.Skip(err)
	}
	s, _ = open(t, dir, "a")
	require.Equal(t, []string{"it works"}, messages(s.Records), "what is behind is not read")
	kill(s)
	for kind, make := range map[string]func() error{
		"nothing but holes": func() error {
			return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, sparse))
		},
		"a FIFO":      func() error { return unix.Mkfifo(path, 0o600) },
		"a directory": func() error { return os.Mkdir(path, 0o700) },
	} {
		require.NoError(t, os.Remove(path))
		require.NoError(t, make(), kind)
		s, _ = open(t, dir, "a")
		require.Len(t, s.Notes, 1, kind)
		require.ErrorContains(t, s.Notes[0], "is put aside as", kind)
		kill(s)
	}
}

// A cursor of which one slot is damaged has the number in the other; one with two damaged slots gets everything again.
func TestCursorsWithDamagedSlots(t *testing.T) {
	dir := t.TempDir()
	s, a := open(t, dir, "a")
	put(t, a, "one", "two", "three")
	take(a, 0, 1)
	take(a, 0, 1)
	kill(s)
	data, err := os.ReadFile(filepath.Join(dir, "arena.spool"))
	require.NoError(t, err)
	cursors, damaged := parseCursors(data)
	require.Equal(t, map[string]uint64{"a": 2}, cursors)
	require.Zero(t, damaged)

	slots := data[cursorsAt+cursorSlotsAt:]
	for _, damage := range []struct {
		at    int
		left  []uint64 // one of them, for the slots take turns
		count int
	}{{0, []uint64{1, 2}, 0}, {slotSize, []uint64{0}, 1}} {
		slots[damage.at] ^= 1
		cursors, damaged = parseCursors(data)
		require.Contains(t, damage.left, cursors["a"])
		require.Equal(t, damage.count, damaged)
	}
}

// A file that is cut off is reported: records may have been in the missing part.
func TestAFileThatWasCutIsTold(t *testing.T) {
	whole, _ := file(t)
	for cut, size := range map[string]int{"by a byte": len(whole) - 1, "to its cursors": unitsAt, "to its header": headerBytes} {
		t.Run(cut, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "arena.spool"), whole[:size], 0o600))
			s, _ := open(t, dir, "a", "b")
			require.NotEmpty(t, s.Notes)
			require.ErrorContains(t, s.Notes[0], fmt.Sprintf("its last %d bytes are missing", len(whole)-size))
			kill(s)
			s, _ = open(t, dir, "a", "b")
			require.Empty(t, s.Notes)
			kill(s)
		})
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir, "a")
	_, err := Open(dir, limit, []string{"a"})
	require.ErrorContains(t, err, "is in use by another queue")
	kill(s)
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err = Open(path, limit, []string{"a"})
	require.Error(t, err)
}

// A logged message cannot imitate a record, since nobody knows the generations of a file beforehand.
func TestGenerationsAreNotKnownBeforehand(t *testing.T) {
	seen := make(map[uint32]bool)
	for range 10 {
		seen[newMemory(make([]byte, unitsAt), header{unit: 4096}, nil).generation] = true
	}
	require.Greater(t, len(seen), 5)
}

func FuzzParse(f *testing.F) {
	data, _ := file(f)
	f.Add(data[:unitsAt+3*(arena.BlockSize(limit)+unitHeader)])
	f.Add(data[:unitsAt])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parse(data)
		if err == nil {
			c.keep([]string{"a", "new"})
		}
	})
}

// A process that is being started has inherited all files for a moment. The next queue does not wait for that.
func TestCloseWhileAProcessIsStarted(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, limit, []string{"a"})
	require.NoError(t, err)
	inherited, err := unix.Dup(int(s.lock.Fd()))
	require.NoError(t, err)
	defer unix.Close(inherited)
	s.Close(true, false)
	s, err = Open(dir, limit, []string{"a"})
	require.NoError(t, err)
	s.Close(true, false)
}
