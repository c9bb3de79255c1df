package disklog

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A sync fails before any has succeeded: the copy has the same first number as the segment that it replaces, and counts.
func TestTheFirstSyncFails(t *testing.T) {
	for range 30 {
		m := newMemory()
		l := openLog(t, Options{Keep: true, files: m, SegmentBytes: 500})
		appendUpTo(t, l, 40)
		m.failNext(2, "sync", m.forget)
		require.Error(t, l.Sync())
		require.NoError(t, l.Sync())
		l = openLog(t, Options{files: m.losePower(), SegmentBytes: 500})
		require.Equal(t, upTo(40), readAll(t, l, 0))
	}
}

// Syncs that fail for a long time do not fill the disk with copies.
func TestCopiesDoNotAddUp(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{Keep: true, files: m})
	m.fail = func(what string) error {
		if what == "sync" {
			return errors.New("I/O error")
		}
		return nil
	}
	for n := uint64(1); n <= 50; n++ {
		appendUpTo(t, l, n)
		require.Error(t, l.Sync())
	}
	require.Less(t, len(m.files), 3)
	require.Less(t, l.Stats().Bytes, int64(50*200))
	require.Equal(t, upTo(50), readAll(t, l, 0))
}

// A process is killed while it writes records again after a failed sync: the records are there, although the copy is not.
func TestKilledWhileWritingAgain(t *testing.T) {
	for _, half := range []bool{false, true} {
		m := newMemory()
		l := openLog(t, Options{Keep: true, files: m, SegmentBytes: 500})
		appendUpTo(t, l, 10)
		require.NoError(t, l.Sync())
		appendUpTo(t, l, 40)
		m.failNext(2, "sync", func() {})
		killed := newMemory()
		failSync, opened := m.fail, false
		m.fail = func(what string) error {
			if what == "open" {
				opened = true
			}
			if what == "write" && opened && len(killed.files) == 0 {
				for name, f := range m.files {
					b := append([]byte(nil), f.b...)
					if len(b) == 0 && half { // of what is written, as much as holds the first record
						b = append(b, nonceOf(name).appendRecord(nil, 11, payload(11))...)
					}
					killed.files[name] = &memoryFile{m: killed, b: b}
				}
			}
			return failSync(what)
		}
		require.Error(t, l.Sync())
		require.NotEmpty(t, killed.files)
		l = openLog(t, Options{files: killed, SegmentBytes: 500})
		require.Equal(t, upTo(40), readAll(t, l, 0))
		appendUpTo(t, l, 50)
		require.Equal(t, upTo(50), readAll(t, l, 0))
		require.Zero(t, l.Stats().Damaged)
		for name := range killed.files {
			require.NotContains(t, name, unfinishedSuffix)
		}
	}
}

func nonceOf(name string) nonce {
	id, _ := parseName(strings.TrimSuffix(name, unfinishedSuffix))
	return id.nonce
}

// Without copies a failed sync stays failed, even if the next fsync succeeds.
func TestASyncThatFailsWithoutCopies(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{files: m})
	appendUpTo(t, l, 10)
	m.failNext(1, "sync", func() {})
	require.ErrorContains(t, l.Sync(), "I/O error")
	appendUpTo(t, l, 20)
	require.NoError(t, l.Sync(), "of what came after")
	require.Equal(t, upTo(20), readAll(t, l, 0))
}

// The bytes of a failed Append are cut off: else they would stand behind later batches, and be read when the log is opened again.
func TestAWriteThatFailsInTheMiddle(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{files: m})
	appendUpTo(t, l, 3)
	m.failNext(1, "write", func() {})
	var records [][]byte
	for range 50 {
		records = append(records, payload(99))
	}
	_, err := l.Append(records)
	require.ErrorContains(t, err, "I/O error")
	appendUpTo(t, l, 5)
	require.NoError(t, l.Close())
	l = openLog(t, Options{files: m})
	require.Equal(t, uint64(5), l.Last())
	require.Equal(t, upTo(5), readAll(t, l, 0))
}

// A log is not opened if its torn end cannot be cut off: new records would stand behind it.
func TestATornEndThatCannotBeCutOff(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{files: m})
	appendUpTo(t, l, 3)
	require.NoError(t, l.Close())
	for _, f := range m.files {
		f.b = f.b[:len(f.b)-1]
	}
	m.failNext(1, "truncate", func() {})
	_, err := Open(Options{files: m, OnError: func(error) {}})
	require.ErrorContains(t, err, "I/O error")
	l = openLog(t, Options{files: m})
	require.Equal(t, upTo(2), readAll(t, l, 0))
}

// A batch whose sync fails is not taken; appended again it is there once.
func TestAppendSyncedAgain(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{Keep: true, files: m})
	s := NewSynced(l)
	batch := [][]byte{payload(1), payload(2)}
	m.fail = func(what string) error {
		if what == "sync" {
			return errors.New("I/O error")
		}
		return nil
	}
	for range 3 {
		_, err := s.Append(batch)
		require.ErrorContains(t, err, "I/O error")
		_, err = s.Append(nil)
		require.NoError(t, err)
	}
	m.fail = func(string) error { return nil }
	last, err := s.Append(append(batch, payload(3)))
	require.NoError(t, err)
	require.Equal(t, uint64(3), last)
	l = openLog(t, Options{files: m.losePower()})
	require.Equal(t, upTo(3), readAll(t, l, 0))
}

// The same if another batch comes between, or the batch comes again in parts.
func TestAppendSyncedAgainInOtherCompany(t *testing.T) {
	for name, then := range map[string][][]uint64{
		"in halves":          {{1, 2}, {3, 4}, {5}},
		"behind another's":   {{5}, {1, 2, 3, 4}},
		"with another's":     {{1, 5, 2, 3}, {4}},
		"that is the same":   {{1, 2, 3, 4, 5}, {1}},
		"twice, and at once": {{1, 1}, {2, 3, 4, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			l := openLog(t, Options{Keep: true, files: m})
			s := NewSynced(l)
			failing := true
			m.fail = func(what string) error {
				if failing && what == "sync" {
					return errors.New("I/O error")
				}
				return nil
			}
			_, err := s.Append([][]byte{payload(1), payload(2)})
			require.Error(t, err)
			_, err = s.Append([][]byte{payload(3), payload(4)})
			require.Error(t, err, "another's")
			failing = false
			var want []uint64
			for _, numbers := range then {
				var batch [][]byte
				for _, n := range numbers {
					batch = append(batch, payload(n))
				}
				_, err := s.Append(batch)
				require.NoError(t, err)
				want = append(want, numbers...)
			}
			l = openLog(t, Options{files: m.losePower()})
			var got []uint64
			_, err = l.NewReader(0).Read(1<<20, func(p []byte) bool {
				n, err := strconv.ParseUint(strings.Fields(string(p))[0], 10, 64)
				got = append(got, n)
				return err == nil
			})
			require.NoError(t, err)
			require.ElementsMatch(t, want, got)
		})
	}
}

// The next Sync also syncs what a killed process had not synced.
func TestSyncIncludesWhatWasThereBefore(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{files: m, SegmentBytes: 500})
	appendUpTo(t, l, 50)
	l = openLog(t, Options{files: m, SegmentBytes: 500})
	appendUpTo(t, l, 51)
	require.NoError(t, l.Sync())
	l = openLog(t, Options{files: m.losePower()})
	require.Equal(t, upTo(51), readAll(t, l, 0))
}

// The numbers of the records of one Read have no gap, so that the number of each follows from that of the last.
func TestAReadEndsBeforeAGap(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir})
	appendUpTo(t, l, 10)
	name := filepath.Join(dir, l.segments[0].id.name())
	require.NoError(t, l.Close())
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	w := walker{nonce: l.segments[0].id.nonce, b: b}
	for range 5 {
		w.next()
	}
	b[w.at-1] ^= 1 // record 5
	require.NoError(t, os.WriteFile(name, b, 0o600))
	l = openLog(t, Options{Dir: dir})
	r := l.NewReader(0)
	var lasts, counts []uint64
	for {
		n := uint64(0)
		last, err := r.Read(1<<20, func([]byte) bool { n++; return true })
		require.NoError(t, err)
		if last == 0 {
			break
		}
		lasts, counts = append(lasts, last), append(counts, n)
	}
	require.Equal(t, []uint64{4, 10}, lasts)
	require.Equal(t, []uint64{4, 5}, counts)
	require.Equal(t, uint64(1), l.Stats().Damaged)
}

// On a full disk a new reader can read, and so make room.
func TestANewCursorOnAFullDisk(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{files: m, SegmentBytes: 500})
	appendUpTo(t, l, 40)
	m.fail = func(what string) error {
		if what == "write" {
			return syscall.ENOSPC
		}
		return nil
	}
	_, err := l.Append([][]byte{payload(41)})
	require.ErrorIs(t, err, syscall.ENOSPC)
	number, err := l.Cursor("c")
	require.NoError(t, err)
	require.Zero(t, number)
	before := l.Stats().Bytes
	require.NoError(t, l.Ack("c", 30))
	require.Less(t, l.Stats().Bytes, before)
	again := openLog(t, Options{files: m, SegmentBytes: 500})
	number, err = again.Cursor("c")
	require.NoError(t, err)
	require.Equal(t, again.segments[0].id.first-1, number, "the oldest record there is")
	m.fail = func(string) error { return nil }
	require.NoError(t, l.Ack("c", 35))
	again = openLog(t, Options{files: m, SegmentBytes: 500})
	number, err = again.Cursor("c")
	require.NoError(t, err)
	require.Equal(t, uint64(35), number)
}

// Damage is counted once, whichever reader meets it, and in whichever order.
func TestDamageIsCountedOnce(t *testing.T) {
	var m missing
	m.add(100, 110)
	m.add(50, 60)
	m.add(55, 105)
	m.add(100, 110)
	m.add(7, 7)
	require.Equal(t, uint64(60), m.total())
}

// Somebody cuts a segment of an open log: readers go on with the next segment.
func TestASegmentIsCut(t *testing.T) {
	for _, which := range []int{1, -1} {
		dir := t.TempDir()
		var told []error
		l := openLog(t, Options{Dir: dir, SegmentBytes: 2 << 10, OnError: func(err error) { told = append(told, err) }})
		appendUpTo(t, l, 100)
		i := (which + len(l.segments)) % len(l.segments)
		s := l.segments[i]
		next := uint64(101)
		if i+1 < len(l.segments) {
			next = l.segments[i+1].id.first
		}
		require.NoError(t, os.Truncate(filepath.Join(dir, s.id.name()), s.size/2))
		got := readAll(t, l, 0)
		require.NotEmpty(t, told)
		require.Less(t, len(got), 100)
		appendUpTo(t, l, 110)
		got = readAll(t, l, 0)
		require.Equal(t, uint64(110), got[len(got)-1])
		for _, n := range got {
			require.False(t, n > s.id.first+20 && n < next, "record %d was cut off", n)
		}
		require.Equal(t, uint64(110-len(got)), l.Stats().Damaged)
	}
}

// A failed read is tried again. Bytes that can never be read cost only the records in them.
func TestAReadFails(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{files: m})
	appendUpTo(t, l, 1000)
	m.failNext(1, "read", func() {})
	r := l.NewReader(0)
	_, err := r.Read(100, func([]byte) bool { return true })
	require.ErrorContains(t, err, "I/O error")
	require.Equal(t, upTo(1000), readAll(t, l, 0))
	n := 0
	for last := uint64(0); last < 1000; {
		last, err = r.Read(1<<10, func([]byte) bool { n++; return true })
		require.NoError(t, err)
	}
	require.Equal(t, 1000, n, "none is passed over")

	m.bad = 8192 // from here on a sector cannot be read
	l = openLog(t, Options{files: m})
	r, n = l.NewReader(0), 0
	failures := 0
	for last := uint64(0); last < 1000; {
		last, err = r.Read(1<<10, func([]byte) bool { n++; return true })
		if err != nil {
			failures++
		}
		require.Less(t, failures, 10)
	}
	require.Greater(t, n, 850)
	require.Less(t, n, 1000)
	require.Equal(t, uint64(1000-n), l.Stats().Damaged)
}

// The folder is removed or moved: later records go to a new one, and readers still get the old ones.
func TestTheFolderIsRemoved(t *testing.T) {
	for name, remove := range map[string]func(dir string) error{
		"removed": os.RemoveAll,
		"moved":   func(dir string) error { return os.Rename(dir, dir+".moved") },
	} {
		t.Run(name, func(t *testing.T) { folderRemoved(t, remove) })
	}
}

func folderRemoved(t *testing.T, remove func(dir string) error) {
	if runtime.GOOS == "windows" {
		t.Skip("there an open file cannot be removed")
	}
	dir := filepath.Join(t.TempDir(), "logs")
	var told []error
	l := openLog(t, Options{Dir: dir, OnError: func(err error) { told = append(told, err) }})
	appendUpTo(t, l, 10)
	require.NoError(t, l.Ack("c", 3))
	require.NoError(t, remove(dir))
	l.checked = time.Time{}
	appendUpTo(t, l, 20)
	require.NotEmpty(t, told)
	require.ErrorContains(t, told[0], "removed")
	require.Equal(t, upTo(20), readAll(t, l, 0))
	require.NoError(t, l.Ack("c", 12))
	_, err := Open(Options{Dir: dir, OnError: func(error) {}})
	require.ErrorContains(t, err, "is in use by another engine")
	require.NoError(t, l.Close())
	l = openLog(t, Options{Dir: dir})
	n, err := l.Cursor("c")
	require.NoError(t, err)
	require.Equal(t, uint64(12), n)
	require.Equal(t, upTo(20)[12:], readAll(t, l, 12))
}

// Another engine has made and locked a new folder of that name: this one does not write there.
func TestTheFolderIsAnothersNow(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there an open file cannot be removed")
	}
	dir := filepath.Join(t.TempDir(), "logs")
	l := openLog(t, Options{Dir: dir})
	appendUpTo(t, l, 10)
	require.NoError(t, os.RemoveAll(dir))
	other := openLog(t, Options{Dir: dir})
	appendUpTo(t, other, 5)
	l.checked = time.Time{}
	_, err := l.Append([][]byte{payload(11)})
	require.ErrorContains(t, err, "another")
	require.Equal(t, upTo(10), readAll(t, l, 0))
	require.Equal(t, upTo(5), readAll(t, other, 0))
}

// A segment is removed while it is appended to: Sync does not return nil when its records are not safe.
func TestSyncSeesARemovedSegment(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there an open file cannot be removed")
	}
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, Keep: true})
	appendUpTo(t, l, 10)
	require.NoError(t, os.Remove(filepath.Join(dir, l.segments[0].id.name())))
	require.NoError(t, l.Sync())
	require.NoError(t, l.Close())
	l = openLog(t, Options{Dir: dir})
	require.Equal(t, upTo(10), readAll(t, l, 0))
}

// Two cursors have different file names, also on systems that ignore case, and the names are short enough.
func TestNamesOfCursors(t *testing.T) {
	files := make(map[string]string)
	for _, name := range []string{"a", "A", "a b", "", "é", "É", "../a", "con", strings.Repeat("n", 120), strings.Repeat("N", 120), strings.Repeat("é", 60)} {
		file := cursorName(name)
		require.Empty(t, files[strings.ToLower(file)], name)
		files[strings.ToLower(file)] = name
		require.LessOrEqual(t, len(file), 255)
		parsed, ok := parseCursorName(file)
		require.True(t, ok)
		require.Equal(t, name, parsed)
	}
	parsed, ok := parseCursorName("cursor-n-Remote")
	require.True(t, ok)
	require.Equal(t, "Remote", parsed)
}

func cursorFile(t *testing.T, dir, name string, number uint64) {
	t.Helper()
	b := make([]byte, 2*slotSize)
	binary.LittleEndian.PutUint64(b, 5)
	binary.LittleEndian.PutUint64(b[8:], number)
	binary.LittleEndian.PutUint32(b[16:], checksum(b[:16]))
	require.NoError(t, os.WriteFile(filepath.Join(dir, cursorName(name)), b, 0o600))
}

// A cursor whose number is too large to be real.
func TestACursorOutOfThisWorld(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir})
	appendUpTo(t, l, 10)
	require.NoError(t, l.Close())
	cursorFile(t, dir, "c", math.MaxUint64)
	var told []error
	l = openLog(t, Options{Dir: dir, OnError: func(err error) { told = append(told, err) }})
	require.Len(t, told, 1)
	require.ErrorContains(t, told[0], `cursor "c"`)
	n, err := l.Cursor("c")
	require.NoError(t, err)
	require.Zero(t, n)
	appendUpTo(t, l, 12)
	require.Equal(t, upTo(12), readAll(t, l, n))
}

// A process was killed between making a cursor's file and writing it: the cursor begins with the oldest record, and none is missed.
func TestACursorThatWasNeverWritten(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, SegmentBytes: 500})
	appendUpTo(t, l, 100)
	require.NoError(t, l.Ack("other", 90))
	oldest := l.segments[0].id.first
	require.NoError(t, l.Close())
	require.Greater(t, oldest, uint64(50))
	require.NoError(t, os.WriteFile(filepath.Join(dir, cursorName("c")), nil, 0o600))
	l = openLog(t, Options{Dir: dir, SegmentBytes: 500, OnError: func(err error) { t.Error(err) }})
	n, err := l.Cursor("c")
	require.NoError(t, err)
	require.Equal(t, oldest-1, n)
	require.Len(t, readAll(t, l, n), int(100-n))
	require.Zero(t, l.Stats().Damaged)
}

// A process was killed in the middle of the first record of a segment: a torn end like any other.
func TestATornFirstRecord(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir})
	appendUpTo(t, l, 1)
	name := filepath.Join(dir, l.segments[0].id.name())
	require.NoError(t, l.Close())
	whole, err := os.ReadFile(name)
	require.NoError(t, err)
	for size := range whole {
		require.NoError(t, os.WriteFile(name, whole[:size], 0o600))
		l := openLog(t, Options{Dir: dir, OnError: func(err error) { t.Error(err) }})
		require.Zero(t, l.Stats().Aside)
		require.Equal(t, int64(size), l.Stats().Torn)
		appendUpTo(t, l, 2)
		require.Equal(t, upTo(2), readAll(t, l, 0))
		require.NoError(t, l.Close())
	}
}

// On a disk so full that a part of a failed write cannot be cut off, and no file can be made, that part is never read as records.
func TestALeftoverIsNotRead(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{files: m})
	appendUpTo(t, l, 1)
	full := true
	m.fail = func(what string) error {
		if full && what != "read" && what != "sync" {
			return errors.New("no space left on device")
		}
		return nil
	}
	var many [][]byte
	for n := range uint64(20) {
		many = append(many, payload(n+2))
	}
	_, err := l.Append(many)
	require.Error(t, err)
	full = false
	appendUpTo(t, l, 2)
	require.Equal(t, upTo(2), readAll(t, l, 0))
	l = openLog(t, Options{files: m})
	require.Equal(t, upTo(2), readAll(t, l, 0))
	require.Equal(t, uint64(2), l.Last())
}

// The system limits the size of files: records go on in the next file.
func TestALimitOfFileSize(t *testing.T) {
	m := newMemory()
	m.limit = 1000
	l := openLog(t, Options{files: m})
	appendUpTo(t, l, 100)
	require.Equal(t, upTo(100), readAll(t, l, 0))
	_, err := l.Append([][]byte{make([]byte, 2000)})
	require.ErrorIs(t, err, syscall.EFBIG)
	appendUpTo(t, l, 110)
	require.Equal(t, upTo(110), readAll(t, l, 0))
}

// A segment that somebody has made long costs no memory at opening.
func TestALongSegment(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir})
	appendUpTo(t, l, 10)
	name := filepath.Join(dir, l.segments[0].id.name())
	require.NoError(t, l.Close())
	require.NoError(t, os.Truncate(name, 256<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	l = openLog(t, Options{Dir: dir})
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
	require.Equal(t, upTo(10), readAll(t, l, 0))
	appendUpTo(t, l, 20)
	require.Equal(t, upTo(20), readAll(t, l, 0))
}

// A segment that cannot be removed only takes room, and is removed later.
func TestASegmentThatCannotBeRemoved(t *testing.T) {
	m := newMemory()
	var told []error
	l := openLog(t, Options{files: m, SegmentBytes: 500, OnError: func(err error) { told = append(told, err) }})
	appendUpTo(t, l, 50)
	refused := true
	m.fail = func(what string) error {
		if refused && what == "remove" {
			return errors.New("in use")
		}
		return nil
	}
	before := l.Stats().Bytes
	require.NoError(t, l.Ack("c", 40))
	require.NotEmpty(t, told)
	require.Equal(t, before, l.Stats().Bytes)
	n, err := l.Cursor("late")
	require.NoError(t, err)
	require.NotEmpty(t, readAll(t, l, n))
	refused = false
	require.NoError(t, l.Ack("c", 50))
	require.NoError(t, l.Ack("late", 50))
	require.Less(t, l.Stats().Bytes, before)
	require.Len(t, m.files, 1+2)
}

// A segment that every cursor has passed may be closed while Sync is running: Sync does not fail.
func TestSyncOfAClosedFile(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.ErrorIs(t, datasync(f), os.ErrClosed)
}

// If every Sync fails, repeated Syncs do not pile up files.
func TestSyncsThatFailAgainAndAgain(t *testing.T) {
	for _, keep := range []bool{false, true} {
		m := newMemory()
		l := openLog(t, Options{files: m, Keep: keep})
		appendUpTo(t, l, 5)
		failing := true
		m.fail = func(what string) error {
			if failing && what == "sync" {
				return errors.New("EIO")
			}
			return nil
		}
		for range 100 {
			require.Error(t, l.Sync())
		}
		require.LessOrEqual(t, len(m.files), 3)
		appendUpTo(t, l, 10)
		for range 100 {
			require.Error(t, l.Sync())
		}
		require.LessOrEqual(t, len(m.files), 4)
		failing = false
		require.NoError(t, l.Sync())
		require.Equal(t, upTo(10), readAll(t, l, 0))
		l = openLog(t, Options{files: m, Keep: keep})
		require.Equal(t, upTo(10), readAll(t, l, 0))
	}
}

// If the disk neither writes nor truncates, repeated Appends pile up neither files nor descriptors, and nothing of what they refused is
// there when the log is opened again.
func TestWritesThatFailAgainAndAgain(t *testing.T) {
	for _, before := range []uint64{0, 5} {
		m := newMemory()
		l := openLog(t, Options{files: m})
		appendUpTo(t, l, before)
		failing := true
		m.fail = func(what string) error {
			if failing && (what == "write" || what == "truncate") {
				return errors.New("EIO")
			}
			return nil
		}
		refused := [][]byte{payload(97), payload(98), payload(99)}
		for range 100 {
			_, err := l.Append(refused)
			require.ErrorContains(t, err, "EIO")
		}
		require.LessOrEqual(t, len(m.files), 2)
		failing = false
		require.NoError(t, l.Close())
		l = openLog(t, Options{files: m})
		require.Equal(t, before, l.Last())
		appendUpTo(t, l, before+3)
		require.NoError(t, l.Close())
		l = openLog(t, Options{files: m})
		require.Equal(t, upTo(before+3), readAll(t, l, 0))
	}
}

// Unreadable bytes at the end of the last file are reported, and not cut off: they may be intact on the disk.
func TestTheEndCannotBeReadAtOpening(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{files: m})
	appendUpTo(t, l, 400)
	require.NoError(t, l.Close())
	name, size := "", 0
	for n, f := range m.files {
		if strings.HasSuffix(n, segmentSuffix) {
			name, size = n, len(f.b)
		}
	}
	m.bad = int64(size) - 4096
	var told []string
	l = openLog(t, Options{files: m, OnError: func(err error) { told = append(told, err.Error()) }})
	last := l.Last()
	require.Less(t, last, uint64(400))
	require.Len(t, told, 1)
	require.Contains(t, told[0], "cannot be read")
	require.Len(t, m.files[name].b, size)
	_, err := l.Append([][]byte{payload(last + 1)})
	require.NoError(t, err)
	require.NoError(t, l.Close())
	m.bad = 0
	l = openLog(t, Options{files: m})
	require.Equal(t, upTo(last+1), readAll(t, l, 0))
}

// When the file system was gone and has come back, every file is opened again when it is needed, the last segment included.
func TestAppendAfterAReconnection(t *testing.T) {
	l := openLog(t, Options{Dir: t.TempDir(), Keep: true})
	appendUpTo(t, l, 3)
	for _, s := range l.segments {
		require.NoError(t, s.close()) // as reopenLocked does
	}
	appendUpTo(t, l, 5)
	require.Len(t, l.segments, 1)
	require.NoError(t, l.Sync())
	require.Equal(t, upTo(5), readAll(t, l, 0))
}

// When the segment that was written again has its name, it counts. If its open fails then, it is removed: else it would hide records
// appended later.
func TestWrittenAgainAndNotOpened(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{Keep: true, files: m})
	appendUpTo(t, l, 5)
	opened := 0
	m.fail = func(what string) error {
		if what == "open" {
			opened++
		}
		if what == "sync" && opened == 0 || what == "open" && opened > 1 || what == "remove" {
			return errors.New("EIO")
		}
		return nil
	}
	require.Error(t, l.Sync())
	m.fail = func(string) error { return nil }
	appendUpTo(t, l, 10)
	require.NoError(t, l.Close())
	l = openLog(t, Options{Keep: true, files: m})
	require.Equal(t, upTo(10), readAll(t, l, 0))
}

// Not all replaced segments can be removed, as on Windows while somebody reads one: when the log is opened again, those that are left hide
// neither records of other segments nor records appended later.
func TestWrittenAgainAndNotRemoved(t *testing.T) {
	for refused := range 4 {
		m := newMemory()
		o := Options{Keep: true, files: m, SegmentBytes: 200}
		l := openLog(t, o)
		appendUpTo(t, l, 5)
		require.NoError(t, l.Sync())
		for n := range uint64(16) {
			appendUpTo(t, l, 5+n) // a batch each
		}
		syncs, removes := 0, 0
		m.fail = func(what string) error {
			switch what {
			case "sync":
				if syncs++; syncs == 1 {
					return errors.New("EIO")
				}
			case "remove":
				if removes++; removes-1 == refused {
					return errors.New("in use")
				}
			}
			return nil
		}
		require.NoError(t, l.Sync())
		require.Greater(t, removes, refused)
		m.fail = func(string) error { return nil }
		appendUpTo(t, l, 22)
		require.NoError(t, l.Close())
		l = openLog(t, o)
		require.Equal(t, uint64(22), l.Last())
		require.Equal(t, upTo(22), readAll(t, l, 0))
	}
}

// A cursor whose read fails is read again: else it would begin with the oldest record.
func TestTheReadingOfACursorFails(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{files: m})
	appendUpTo(t, l, 5)
	_, err := l.Cursor("c")
	require.NoError(t, err)
	require.NoError(t, l.Ack("c", 3))
	require.NoError(t, l.Close())
	m.failNext(2, "read", func() {})
	l = openLog(t, Options{files: m})
	n, err := l.Cursor("c")
	require.NoError(t, err)
	require.Equal(t, uint64(3), n)
}

// If nothing can be read for a while, as on a network disk, no record is lost: bytes are skipped only if others are readable.
func TestNothingCanBeReadForAWhile(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{files: m})
	appendUpTo(t, l, 5)
	m.failNext(10, "read", func() {})
	r, failures, n := l.NewReader(0), 0, 0
	for range 20 {
		if _, err := r.Read(1<<10, func([]byte) bool { n++; return true }); err != nil {
			failures++
		}
	}
	require.Equal(t, 5, n)
	require.NotZero(t, failures)
	require.Zero(t, l.Stats().Damaged)
}

// If the file of a forgotten cursor cannot be removed, a cursor of that name begins anew nevertheless, also when the log is opened again.
func TestAForgottenCursorThatCannotBeRemoved(t *testing.T) {
	m := newMemory()
	l := openLog(t, Options{files: m})
	appendUpTo(t, l, 5)
	require.NoError(t, l.Ack("c", 2))
	require.NoError(t, l.Ack("c", 4))
	m.failNext(1, "remove", func() {})
	require.Error(t, l.Forget("c"))
	for range 2 {
		n, err := l.Cursor("c")
		require.NoError(t, err)
		require.Zero(t, n)
		require.NoError(t, l.Close())
		l = openLog(t, Options{files: m})
	}
}

// The same if no sync succeeds for a while, so that records are written again once more while replaced segments are left.
func TestWrittenAgainOnceMoreAndNotRemoved(t *testing.T) {
	for refused := range 4 {
		m := newMemory()
		o := Options{Keep: true, files: m, SegmentBytes: 200}
		l := openLog(t, o)
		appendUpTo(t, l, 5)
		require.NoError(t, l.Sync())
		failing, removes := true, 0
		m.fail = func(what string) error {
			if what == "remove" {
				removes++
			}
			if failing && (what == "sync" || what == "remove" && removes > refused) {
				return errors.New("EIO")
			}
			return nil
		}
		var last error
		for n := range uint64(12) {
			appendUpTo(t, l, 6+n) // a batch each
			if n > 7 {
				last = l.Sync()
				require.Error(t, last)
			}
		}
		require.ErrorContains(t, last, "is still to be removed")
		failing = false
		require.NoError(t, l.Close())
		l = openLog(t, o)
		require.Equal(t, upTo(17), readAll(t, l, 0))
	}
}
