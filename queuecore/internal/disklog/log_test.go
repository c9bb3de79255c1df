package disklog

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func openLog(t *testing.T, o Options) *Log {
	t.Helper()
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	l, err := Open(o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// payload is the record of that number: its digits, and some more.
func payload(n uint64) []byte {
	return []byte(strconv.FormatUint(n, 10) + " " + strings.Repeat("x", int(n*7%100)))
}

func appendUpTo(t *testing.T, l *Log, last uint64) {
	t.Helper()
	for n := l.Last() + 1; n <= last; {
		var records [][]byte
		for range min(10, last-n+1) {
			records = append(records, payload(n))
			n++
		}
		got, err := l.Append(records)
		require.NoError(t, err)
		require.Equal(t, n-1, got)
	}
}

// readAll returns the numbers of the records behind number, each of which has the right payload.
func readAll(t *testing.T, l *Log, number uint64) (numbers []uint64) {
	t.Helper()
	r := l.NewReader(number)
	for {
		last, err := r.Read(1<<10, func(p []byte) bool {
			n, err := strconv.ParseUint(strings.Fields(string(p))[0], 10, 64)
			require.NoError(t, err)
			require.Equal(t, string(payload(n)), string(p))
			numbers = append(numbers, n)
			return true
		})
		require.NoError(t, err)
		if last == 0 {
			return numbers
		}
		require.Equal(t, numbers[len(numbers)-1], last)
	}
}

func upTo(last uint64) (numbers []uint64) {
	for n := range last {
		numbers = append(numbers, n+1)
	}
	return numbers
}

func TestWhatIsAppendedIsRead(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, SegmentBytes: 4 << 10})
	appendUpTo(t, l, 1000)
	require.Equal(t, upTo(1000), readAll(t, l, 0))
	require.Equal(t, upTo(1000)[700:], readAll(t, l, 700))
	require.NoError(t, l.Close())
	l = openLog(t, Options{Dir: dir, SegmentBytes: 4 << 10})
	appendUpTo(t, l, 1100)
	require.Equal(t, upTo(1100), readAll(t, l, 0))
	require.Zero(t, l.Stats().Damaged)
	require.Greater(t, len(l.segments), 5)
}

func TestARecordLargerThanASegment(t *testing.T) {
	l := openLog(t, Options{Dir: t.TempDir(), SegmentBytes: 1 << 10})
	large := strings.Repeat("y", 5<<20)
	_, err := l.Append([][]byte{[]byte("small"), []byte(large), []byte("end")})
	require.NoError(t, err)
	r := l.NewReader(0)
	var got []string
	for range 3 {
		_, err := r.Read(1, func(p []byte) bool { got = append(got, string(p)); return true })
		require.NoError(t, err)
	}
	require.Equal(t, []string{"small", large, "end"}, got)
}

func TestASecondLogOnAFolderIsRefused(t *testing.T) {
	dir := t.TempDir()
	openLog(t, Options{Dir: dir})
	_, err := Open(Options{Dir: dir, OnError: func(error) {}})
	require.ErrorContains(t, err, "is in use by another engine")
}

func TestSegmentsGoWhenEveryCursorHasPassedThem(t *testing.T) {
	l := openLog(t, Options{Dir: t.TempDir(), SegmentBytes: 1 << 10})
	for _, name := range []string{"fast", "a slow one/.."} {
		_, err := l.Cursor(name)
		require.NoError(t, err)
	}
	appendUpTo(t, l, 500)
	before := l.Stats().Bytes
	require.NoError(t, l.Ack("fast", 500))
	require.Equal(t, before, l.Stats().Bytes)
	require.NoError(t, l.Ack("a slow one/..", 400))
	require.Less(t, l.Stats().Bytes, before/3)
	require.Equal(t, upTo(500)[400:], readAll(t, l, 400))
	require.ErrorIs(t, l.Ack("fast", 501), ErrUnread)
	require.NoError(t, l.Ack("fast", 3), "a cursor does not go back")
	n, err := l.Cursor("fast")
	require.NoError(t, err)
	require.Equal(t, uint64(500), n)
}

// A reader that has read everything goes on with the next segment when its segment is removed.
func TestAReaderOutlivesItsSegment(t *testing.T) {
	l := openLog(t, Options{Dir: t.TempDir(), SegmentBytes: 1})
	_, err := l.Cursor("c")
	require.NoError(t, err)
	r := l.NewReader(0)
	for n := uint64(1); n <= 5; n++ {
		appendUpTo(t, l, n)
		last, err := r.Read(1<<20, func([]byte) bool { return true })
		require.NoError(t, err)
		require.Equal(t, n, last)
		require.NoError(t, l.Ack("c", n))
	}
}

func TestAFullLogTakesMoreWhenItIsRead(t *testing.T) {
	l := openLog(t, Options{Dir: t.TempDir(), MaxBytes: 10 << 10})
	_, err := l.Cursor("c")
	require.NoError(t, err)
	for range 5 {
		taken := 0
		for {
			if _, err = l.Append([][]byte{make([]byte, 100)}); err != nil {
				break
			}
			taken++
		}
		require.ErrorIs(t, err, ErrFull)
		require.LessOrEqual(t, l.Stats().Bytes, int64(10<<10))
		require.Greater(t, taken, 70)
		require.NoError(t, l.Ack("c", l.Last()))
	}
}

// A torn tail: whatever part of the last write is there.
func TestATornTailIsCutOff(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir})
	appendUpTo(t, l, 20)
	name := filepath.Join(dir, l.segments[0].id.name())
	whole, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, l.Close())
	w := walker{nonce: l.segments[0].id.nonce, b: whole}
	ends := []int{0}
	for {
		if _, _, ok := w.next(); !ok {
			break
		}
		ends = append(ends, w.at)
	}
	for size := range len(whole) {
		require.NoError(t, os.WriteFile(name, whole[:size], 0o600))
		records := uint64(0)
		for ends[records+1] <= size {
			records++
		}
		if records == 0 {
			continue // is put aside: below
		}
		l := openLog(t, Options{Dir: dir})
		require.Equal(t, upTo(records), readAll(t, l, 0), "%d bytes", size)
		appendUpTo(t, l, records+3)
		require.Equal(t, upTo(records+3), readAll(t, l, 0), "%d bytes", size)
		require.NoError(t, l.Close())
	}
}

// One byte of a segment is changed: that costs at most the record it is in, and is counted.
func TestADamagedByteCostsOneRecord(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, SegmentBytes: 2 << 10})
	appendUpTo(t, l, 100)
	names, err := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix))
	require.NoError(t, err)
	require.Greater(t, len(names), 2)
	require.NoError(t, l.Close())
	contents := make(map[string][]byte)
	for _, name := range names {
		contents[name], err = os.ReadFile(name)
		require.NoError(t, err)
	}
	rounds := 2000
	if testing.Short() {
		rounds = 200
	}
	for range rounds {
		name := names[rand.IntN(len(names))]
		b := append([]byte(nil), contents[name]...)
		b[rand.IntN(len(b))] ^= 1 << rand.IntN(8)
		require.NoError(t, os.WriteFile(name, b, 0o600))
		l := openLog(t, Options{Dir: dir, SegmentBytes: 2 << 10})
		got := readAll(t, l, 0)
		last := name == names[len(names)-1]
		require.GreaterOrEqual(t, len(got), 99)
		if !last || len(got) == 100 || got[98] == 100 { // else it was the very last record, which is a torn tail
			require.Equal(t, uint64(100-len(got)), l.Stats().Damaged)
		}
		require.NoError(t, l.Close())
		require.NoError(t, os.WriteFile(name, contents[name], 0o600))
	}
}

func TestASegmentOfGarbageIsPutAside(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, SegmentBytes: 1 << 10})
	appendUpTo(t, l, 100)
	_, err := l.Cursor("c")
	require.NoError(t, err)
	require.NoError(t, l.Ack("c", 50))
	last := filepath.Join(dir, l.segments[len(l.segments)-1].id.name())
	first := l.segments[len(l.segments)-1].id.first
	require.NoError(t, l.Close())
	require.NoError(t, os.WriteFile(last, []byte(strings.Repeat("garbage", 1000)), 0o600))
	var told []error
	l = openLog(t, Options{Dir: dir, OnError: func(err error) { told = append(told, err) }})
	require.Len(t, told, 1)
	require.ErrorContains(t, told[0], "was put aside")
	require.Equal(t, upTo(first - 1)[50:], readAll(t, l, 50))
	require.FileExists(t, last+asideSuffix)
	appended, err := l.Append([][]byte{payload(first)})
	require.NoError(t, err)
	require.Equal(t, first, appended)
}

func TestADamagedCursorFallsBackToTheSlotBefore(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir})
	appendUpTo(t, l, 10)
	for n := range uint64(5) {
		require.NoError(t, l.Ack("c", n+1))
	}
	require.NoError(t, l.Close())
	name := filepath.Join(dir, cursorName("c"))
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	for i := range b {
		damaged := append([]byte(nil), b...)
		damaged[i] ^= 0xff
		require.NoError(t, os.WriteFile(name, damaged, 0o600))
		l := openLog(t, Options{Dir: dir})
		n, err := l.Cursor("c")
		require.NoError(t, err)
		require.Contains(t, []uint64{4, 5}, n)
		require.NoError(t, l.Close())
	}
}

// memory is a folder in memory that loses, in a loss of power, what was not synced.
type memory struct {
	files map[string]*memoryFile
	safe  map[string]*memoryFile // the names that were synced
	fail  func(what string) error
	bad   int64 // if not 0: the 4096 bytes from here on cannot be read
	limit int64 // if not 0: of a file's size
}

type memoryFile struct {
	m       *memory
	b, safe []byte
}

func newMemory() *memory {
	return &memory{files: make(map[string]*memoryFile), safe: make(map[string]*memoryFile), fail: func(string) error { return nil }}
}

// failNext makes the next calls of a kind fail, after what also happens then.
func (m *memory) failNext(times int, kind string, also func()) {
	m.fail = func(what string) error {
		if what != kind || times == 0 {
			return nil
		}
		times--
		also()
		return errors.New("I/O error")
	}
}

// forget throws away what was not synced, as a system does that could not write it.
func (m *memory) forget() {
	for _, f := range m.files {
		clear(f.b[len(f.safe):])
	}
}

func (m *memory) names() (names []string, err error) {
	for name := range m.files {
		names = append(names, name)
	}
	return names, nil
}

func (m *memory) open(name string) (file, error) {
	if err := m.fail("open"); err != nil {
		return nil, err
	}
	if m.files[name] == nil {
		m.files[name] = &memoryFile{m: m}
	}
	return m.files[name], nil
}

func (m *memory) remove(name string) error {
	if err := m.fail("remove"); err != nil {
		return err
	}
	delete(m.files, name)
	return nil
}

func (m *memory) rename(from, to string) error {
	m.files[to] = m.files[from]
	delete(m.files, from)
	return nil
}

func (m *memory) sync() error {
	if err := m.fail("sync names"); err != nil {
		return err
	}
	m.safe = make(map[string]*memoryFile)
	for name, f := range m.files {
		m.safe[name] = f
	}
	return nil
}

// losePower forgets what was not synced.
func (m *memory) losePower() *memory {
	after := newMemory()
	for name, f := range m.safe {
		after.files[name] = &memoryFile{m: after, b: append([]byte(nil), f.safe...)}
	}
	return after
}

func (f *memoryFile) ReadAt(p []byte, at int64) (int, error) {
	if err := f.m.fail("read"); err != nil {
		return 0, err
	}
	if f.m.bad > 0 && at < f.m.bad+4096 && f.m.bad < at+int64(len(p)) {
		return 0, errors.New("I/O error")
	}
	if at > int64(len(f.b)) {
		return 0, io.EOF
	}
	n := copy(p, f.b[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt says 0 where it has written a part, as os.File does.
func (f *memoryFile) WriteAt(p []byte, at int64) (int, error) {
	err := f.m.fail("write")
	if err != nil {
		p = p[:len(p)/2]
	} else if f.m.limit > 0 && at+int64(len(p)) > f.m.limit {
		p, err = p[:max(0, f.m.limit-at)], syscall.EFBIG
	}
	if need := int(at) + len(p); need > len(f.b) {
		f.b = append(f.b, make([]byte, need-len(f.b))...)
	}
	n := copy(f.b[at:], p)
	if err != nil {
		n = 0
	}
	return n, err
}

func (f *memoryFile) size() (int64, error) { return int64(len(f.b)), nil }
func (f *memoryFile) truncate(size int64) error {
	if err := f.m.fail("truncate"); err != nil {
		return err
	}
	f.b = f.b[:size]
	return nil
}
func (f *memoryFile) unlinked() bool { return false }
func (f *memoryFile) Close() error   { return nil }
func (f *memoryFile) sync() error {
	if err := f.m.fail("sync"); err != nil {
		return err
	}
	f.safe = append([]byte(nil), f.b...)
	return nil
}

// What was synced is there after a loss of power, at whichever step; and nothing is refused.
func TestLossOfPower(t *testing.T) {
	for steps := range 400 {
		m := newMemory()
		lost := errors.New("no power")
		left := steps
		m.fail = func(string) error {
			if left--; left < 0 {
				return lost
			}
			return nil
		}
		o := Options{SegmentBytes: 1 << 10, Keep: true, OnError: func(error) {}, files: m}
		synced, acked := uint64(0), uint64(0)
		func() {
			l, err := Open(o)
			if err != nil {
				return
			}
			for {
				n := l.Last() + 1
				last, err := l.Append([][]byte{payload(n), payload(n + 1)})
				if err != nil {
					return
				}
				if l.Sync() != nil {
					return
				}
				synced = last
				if last%10 == 0 {
					if l.Ack("c", last-5) != nil {
						return
					}
					acked = last - 5
				}
			}
		}()
		o.files = m.losePower()
		l, err := Open(o)
		require.NoError(t, err, "step %d", steps)
		at, err := l.Cursor("c")
		require.NoError(t, err)
		require.LessOrEqual(t, at, acked, "step %d", steps)
		got := readAll(t, l, at)
		require.GreaterOrEqual(t, at+uint64(len(got)), synced, "step %d", steps)
		for i, n := range got {
			require.Equal(t, at+uint64(i)+1, n, "step %d: without a gap", steps)
		}
		require.NoError(t, l.Close())
	}
}

// An fsync that fails says nothing about what is on the disk: its records are written again, and read once.
func TestASyncThatFails(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{Keep: true, files: m})
	appendUpTo(t, l, 10)
	require.NoError(t, l.Sync())
	appendUpTo(t, l, 20)
	m.failNext(1, "sync", m.forget)
	require.NoError(t, l.Sync())
	require.Equal(t, uint64(1), l.Stats().Suspect)
	appendUpTo(t, l, 30)
	require.Equal(t, upTo(30), readAll(t, l, 0))
	require.NoError(t, l.Sync())
	after := m.losePower()
	l = openLog(t, Options{files: after})
	require.Equal(t, upTo(30), readAll(t, l, 0))
	require.Zero(t, l.Stats().Damaged)
}

// A full disk: the Append that meets it has appended nothing, and the next one goes on.
func TestAFullDisk(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{files: m})
	appendUpTo(t, l, 10)
	full := true
	m.fail = func(what string) error {
		if full && (what == "write" || what == "truncate") {
			return errors.New("no space left on device")
		}
		return nil
	}
	_, err := l.Append([][]byte{payload(11)})
	require.Error(t, err)
	full = false
	appendUpTo(t, l, 20)
	require.Equal(t, upTo(20), readAll(t, l, 0))
	l = openLog(t, Options{files: &memory{files: m.files, fail: m.fail}})
	require.Equal(t, upTo(20), readAll(t, l, 0))
}

func FuzzSegment(f *testing.F) {
	id := segmentID{1, 0}
	var b []byte
	for n := range uint64(5) {
		b = id.nonce.appendRecord(b, n+1, payload(n+1))
	}
	f.Add(b)
	f.Add(b[:len(b)-3])
	f.Fuzz(func(t *testing.T, b []byte) {
		m := newMemory()
		m.files[id.name()] = &memoryFile{m: m, b: b}
		l, err := Open(Options{files: m, OnError: func(error) {}})
		require.NoError(t, err)
		r, last := l.NewReader(0), uint64(0)
		for {
			n, err := r.Read(1<<16, func([]byte) bool { return true })
			require.NoError(t, err)
			if n == 0 {
				break
			}
			require.Greater(t, n, last)
			last = n
		}
		number, err := l.Append([][]byte{[]byte("after")})
		require.NoError(t, err)
		n, err := r.Read(1<<16, func(p []byte) bool { return assert.Equal(t, "after", string(p)) })
		require.NoError(t, err)
		require.Equal(t, number, n)
	})
}

func FuzzCursor(f *testing.F) {
	f.Add(make([]byte, 2*slotSize))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := newMemory()
		m.files[cursorName("c")] = &memoryFile{m: m, b: b}
		l, err := Open(Options{files: m, OnError: func(error) {}})
		require.NoError(t, err)
		_, err = l.Cursor("c")
		require.NoError(t, err)
		_ = fmt.Sprint(l.Stats())
	})
}

// A loss of power may leave a cursor that is beyond all records. A new cursor passes over the missing records, and does not keep the
// segments for ever.
func TestALogThatEndsBeforeACursor(t *testing.T) {
	options := Options{Dir: t.TempDir(), MaxBytes: 1000, SegmentBytes: 1 << 20, OnError: func(error) {}}
	l, err := Open(options)
	require.NoError(t, err)
	var last uint64
	sizes := []int64{0}
	for record := make([]byte, 90); ; {
		n, err := l.Append([][]byte{record})
		if err != nil {
			require.ErrorIs(t, err, ErrFull)
			break
		}
		last, sizes = n, append(sizes, l.Stats().Bytes)
	}
	require.NoError(t, l.Ack("first", last))
	require.NoError(t, l.Ack("second", 1))
	name := l.segments[0].id.name()
	require.NoError(t, l.Close())
	require.NoError(t, os.Truncate(filepath.Join(options.Dir, name), sizes[last-2]))

	l, err = Open(options)
	require.NoError(t, err)
	r := l.NewReader(1)
	read, err := r.Read(1<<20, func([]byte) bool { return true })
	require.NoError(t, err)
	require.Equal(t, last-2, read)
	require.NoError(t, l.Ack("second", read))
	read, err = r.Read(1<<20, func([]byte) bool { return true })
	require.NoError(t, err)
	require.Zero(t, read)
	require.Equal(t, last, r.Passed())
	require.Equal(t, uint64(2), l.Stats().Damaged)
	require.NoError(t, l.Ack("second", r.Passed()))
	n, err := l.Append([][]byte{make([]byte, 500)})
	require.NoError(t, err)
	require.Equal(t, last+1, n)
	require.NoError(t, l.Close())
}
