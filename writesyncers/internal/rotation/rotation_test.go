package rotation

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	"example.com/zaphandlers/writesyncers/internal/backups"
	"example.com/zaphandlers/writesyncers/internal/fsys"
	base "example.com/zaphandlers/zapcore"
)

// rotationOf returns the Rotation of app.log in a directory of its own, with two numbered backups.
func rotationOf(t *testing.T, change func(*Config)) (*Rotation, Config) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.log")
	set, err := backups.New(backups.Config{Path: path, Count: 2})
	require.NoError(t, err)
	cfg := Config{
		Path: path, MaxBytes: 100, Backups: set, Keep: 2, File: appendfile.Options{Perm: 0o644, LineEnd: []byte{'\n'}},
		Report: base.NewReporter("writesyncers", func(err error) { assert.NoError(t, err, "told to OnError") }),
	}
	if change != nil {
		change(&cfg)
	}
	return New(cfg), cfg
}

func open(t *testing.T, cfg Config, text string) *appendfile.File {
	t.Helper()
	f, err := appendfile.Open(cfg.Path, cfg.Path, 0, cfg.File)
	require.NoError(t, err)
	_, err = f.Write([]byte(text))
	require.NoError(t, err)
	return f
}

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

func TestExchangeAndFinish(t *testing.T) {
	r, cfg := rotationOf(t, nil)
	file := open(t, cfg, "one\n")
	next, out, err := r.Exchange(file, false)
	require.NoError(t, err)
	assert.Equal(t, "", text(t, cfg.Path), "the path leads to the next file at once")
	assert.Equal(t, "one\n", text(t, out.path), "and the old one has a hidden name")
	r.Finish(out)
	require.NoError(t, r.Wait(out))
	assert.Equal(t, "one\n", text(t, cfg.Path+".1"))
	assert.NoDirExists(t, r.dir.path)
	_, err = next.Write([]byte("two\n"))
	require.NoError(t, err)
	assert.Equal(t, "two\n", text(t, cfg.Path))
	require.NoError(t, next.Close())
	require.NoError(t, r.Close())
}

// A process that was killed in the middle of an exchange has left the log under a second name. It is removed, for it is no file that was
// rolled over.
func TestASecondNameOfTheLogIsRemoved(t *testing.T) {
	if !fsys.RenamesOpenFiles {
		t.Skip("an exchange makes no second name here")
	}
	r, cfg := rotationOf(t, nil)
	file := open(t, cfg, "one\n")
	require.NoError(t, r.dir.enter())
	second := r.dir.outName(time.Time{})
	r.dir.leave(false)
	next, out, err := r.Exchange(file, false)
	require.NoError(t, err)
	_, err = next.Write([]byte("two\n"))
	require.NoError(t, err)
	require.NoError(t, os.Link(cfg.Path, second))
	r.Finish(out)
	require.NoError(t, r.Wait(out))
	assert.NoFileExists(t, second)
	assert.Equal(t, "one\n", text(t, cfg.Path+".1"))
	assert.Equal(t, "two\n", text(t, cfg.Path))
	require.NoError(t, next.Close())
	require.NoError(t, r.Close())
}

// Two goroutines may roll over in the same moment, and the second may be the one that works on both files. It waits for its own all the same.
func TestFinishWaitsForItsOwnFile(t *testing.T) {
	r, cfg := rotationOf(t, nil)
	second, first, err := r.Exchange(open(t, cfg, "one\n"), false)
	require.NoError(t, err)
	_, err = second.Write([]byte("two\n"))
	require.NoError(t, err)
	next, last, err := r.Exchange(second, false)
	require.NoError(t, err)
	r.Finish(last)
	assert.True(t, hasEnded(r.finish, last))
	r.Finish(first)
	require.NoError(t, r.Wait(first))
	assert.Equal(t, "one\n", text(t, cfg.Path+".2"))
	assert.Equal(t, "two\n", text(t, cfg.Path+".1"))
	require.NoError(t, next.Close())
	require.NoError(t, r.Close())
}

// A file that was opened ahead just too late is used for the next exchange. The path that was made with it is not: paths must rise, because
// files are finished in the order of their paths.
func TestAFileThatWasOpenedAheadTooLate(t *testing.T) {
	if !fsys.OpensAhead {
		t.Skip("no file is opened ahead here")
	}
	r, cfg := rotationOf(t, nil)
	file := open(t, cfg, "one\n")
	require.True(t, r.opener.start())
	Step = func(step string) {
		if step == "created" {
			r.opener.open(file)
		}
	}
	defer func() { Step = func(string) {} }()
	next, out, err := r.Exchange(file, false)
	Step = func(string) {}
	r.opener.done()
	require.NoError(t, err)
	ahead := r.opener.next
	require.NotNil(t, ahead)
	_, err = next.Write([]byte("two\n"))
	require.NoError(t, err)
	last, second, err := r.Exchange(next, false)
	require.NoError(t, err)
	assert.Equal(t, ahead.file, last)
	assert.Less(t, out.path, second.path)
	for _, o := range []*Rolled{out, second} {
		r.Finish(o)
		require.NoError(t, r.Wait(o))
	}
	assert.Equal(t, "one\n", text(t, cfg.Path+".2"))
	require.NoError(t, last.Close())
	require.NoError(t, r.Close())
}

// The path leads to another file: that one is neither moved nor lost.
func TestExchangeOfAFileThatHasMoved(t *testing.T) {
	if !fsys.RenamesOpenFiles {
		t.Skip("nobody can rename an open file here")
	}
	r, cfg := rotationOf(t, nil)
	file := open(t, cfg, "one\n")
	require.NoError(t, os.Rename(cfg.Path, cfg.Path+".away"))
	require.NoError(t, os.WriteFile(cfg.Path, []byte("another's\n"), 0o600))
	_, _, err := r.Exchange(file, false)
	require.ErrorIs(t, err, ErrMoved)
	assert.Equal(t, "another's\n", text(t, cfg.Path))
	assert.NoDirExists(t, r.dir.path)
	assert.True(t, r.MayTry(), "that is no refusal")
	require.NoError(t, file.Close())
	require.NoError(t, r.Close())
}

// Each refusal puts the next attempt off for longer, up to half a minute; a success ends that.
func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backoff
		assert.True(t, b.mayTry(time.Now()))
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
			b.refused()
			assert.Equal(t, want*time.Second, b.in(time.Now()))
			assert.False(t, b.mayTry(time.Now().Add(want*time.Second-1)))
			assert.True(t, b.mayTry(time.Now().Add(want*time.Second)))
		}
		b.granted()
		assert.True(t, b.mayTry(time.Now()))
		assert.Zero(t, b.in(time.Now()))
	})
}

// If the wall clock is put back or forward, the time until the next attempt does not change.
func TestBackoffWhenTheClockIsSet(t *testing.T) {
	var b backoff
	b.refused()
	for _, set := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		assert.False(t, b.mayTry(onAClockSet(time.Now(), set)), "%v", set)
		assert.True(t, b.mayTry(onAClockSet(time.Now().Add(retryStart), set)), "%v", set)
		assert.LessOrEqual(t, b.in(onAClockSet(time.Now(), set)), retryStart)
	}
}

// onAClockSet returns what time.Now would say at that moment if the clock on the wall had been set since the program began. No function
// of package time makes one: the seconds on the wall are above the 30 bits of nanoseconds in the first word of a Time.
func onAClockSet(now time.Time, by time.Duration) time.Time {
	set := now
	*(*uint64)(unsafe.Pointer(&set)) += uint64(by/time.Second) << 30
	return set
}

// The names of files that were rolled out sort in their order, and bear their label.
func TestNamesOfFilesThatWereRolledOut(t *testing.T) {
	d := newDirectory("/logs/app.log")
	assert.Equal(t, filepath.FromSlash("/logs/.app.log.rotation"), d.path)
	var names []string
	for _, label := range []time.Time{{}, time.Unix(1700000000, 0), time.Unix(-5, 0)} {
		name := d.outName(label)
		assert.True(t, labelOf(name).Equal(label), "%s: %v, not %v", name, labelOf(name), label)
		names = append(names, name)
	}
	assert.True(t, slices.IsSorted(names), "%v", names)
	assert.True(t, labelOf("out-nonsense").IsZero())
	assert.LessOrEqual(t, len(filepath.Base(newDirectory("/"+strings.Repeat("ü", 127)).path)), 255)
}

func TestErrorsShowNoHiddenName(t *testing.T) {
	d := newDirectory("/logs/app.log")
	for name, err := range map[string]error{
		"open":   &fs.PathError{Op: "open", Path: d.name(nextTag), Err: fs.ErrPermission},
		"rename": &os.LinkError{Op: "rename", Old: "/logs/app.log", New: d.name(outTag), Err: fs.ErrPermission},
		"mkdir":  &fs.PathError{Op: "mkdir", Path: d.path, Err: fs.ErrPermission},
	} {
		assert.EqualError(t, shown(err, "/logs/app.log"), name+" /logs/app.log: permission denied")
	}
	other := errors.New("another error")
	assert.Equal(t, other, shown(other, "/logs/app.log"))
	assert.NoError(t, shown(nil, "/logs/app.log"))
}

func TestPeriodOfAFileThatIsFound(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	hour := func(at time.Time) time.Time { return at.Truncate(time.Hour).Add(time.Hour) }
	for name, tt := range map[string]struct {
		made, written time.Time
		over          bool
	}{
		"made in this hour":                 {now.Add(time.Minute), now.Add(2 * time.Minute), false},
		"made before, written now":          {now.Add(-time.Minute), now, true},
		"made now, with an older time":      {now, now.Add(-time.Minute), true},
		"stamped a little early":            {now.Add(-5 * time.Millisecond), now.Add(time.Minute), false},
		"made at a time that is not known":  {time.Time{}, now.Add(-time.Minute), true},
		"nothing is known":                  {time.Time{}, time.Time{}, false},
		"made in a future that never comes": {now.AddDate(10, 0, 0), now.AddDate(10, 0, 0), false},
	} {
		p := NewPeriod(hour, nil, func() time.Time { return now.Add(30 * time.Minute) }, "", base.NewReporter("t", nil))
		p.BeginFound(tt.made, tt.written)
		assert.Equal(t, tt.over, p.Over(p.Now()), name)
	}
}

// The goroutine that has opened the next file polls for a while, and then ends.
func TestLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := rotationOf(t, nil)
		start := time.Now()
		r.finish.linger()
		assert.Equal(t, lingerLooks*lingerEvery, time.Since(start))
		go r.finish.linger()
		synctest.Wait()
		start = time.Now()
		require.NoError(t, r.Close())
		assert.LessOrEqual(t, time.Since(start), lingerEvery, "sent away")
		r.finish.linger()
		assert.LessOrEqual(t, time.Since(start), lingerEvery, "and nobody comes")
	})
}

// A file that is closed while a Sync is under way stays open until that ends. Its lock ends at once.
func TestClosingAFileThatIsBusyEndsItsLock(t *testing.T) {
	if !fsys.CanShare {
		t.Skip("no locks here")
	}
	path := filepath.Join(t.TempDir(), "app.log")
	busy := func(f *os.File) (idle chan struct{}) {
		began, idle := make(chan struct{}), make(chan struct{})
		raw, err := f.SyscallConn()
		require.NoError(t, err)
		go func() { _ = raw.Control(func(uintptr) { close(began); <-idle }) }()
		<-began
		return idle
	}
	file, err := appendfile.Open(path, path, 0, appendfile.Options{Perm: 0o644})
	require.NoError(t, err)
	require.True(t, fsys.Held(path))
	defer close(busy(file.OS()))
	require.NoError(t, file.Close())
	require.False(t, fsys.Held(path), "a file of a writer")

	file, err = appendfile.Open(path, path, 0, appendfile.Options{Perm: 0o644})
	require.NoError(t, err)
	out := &Rolled{path: path, f: file.OS()}
	defer close(busy(out.f))
	require.NoError(t, out.close())
	require.False(t, fsys.Held(path), "a file that was rolled out")
}

// Close does not wait for each step as long as for the first one.
func TestCloseOnADiskThatAnswersNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := rotationOf(t, nil)
		require.True(t, r.opener.start())
		r.finish.update(func() { r.finish.running = true })
		start := time.Now()
		assert.ErrorIs(t, r.Close(), os.ErrDeadlineExceeded)
		assert.LessOrEqual(t, time.Since(start), 15*time.Second)
		r.opener.done()
	})
}

// A disk or a server that does not answer does not block Close for ever, whether for the next file or for the directory.
func TestCloseOnADiskThatDoesNotAnswer(t *testing.T) {
	ShortWait.Store(int64(50 * time.Millisecond))
	defer ShortWait.Store(0)
	for name, stall := range map[string]func(r *Rotation) (answer func()){
		"opening ahead": func(r *Rotation) func() {
			require.True(t, r.opener.start())
			return r.opener.done
		},
		"making the directory": func(r *Rotation) func() {
			r.dir.mu.Lock()
			return r.dir.mu.Unlock
		},
	} {
		r, _ := rotationOf(t, nil)
		answer := stall(r)
		done := make(chan error, 1)
		go func() { done <- r.Close() }()
		select {
		case err := <-done:
			assert.ErrorIs(t, err, os.ErrDeadlineExceeded, name)
		case <-time.After(20 * time.Second):
			t.Errorf("%s: Close does not come to an end", name)
		}
		answer()
	}
}

// TestAnErrorOfAnAbandonedFileIsTold holds that an error of closing a file, as a server says that it has no room, is heard though Close has
// returned: from a finisher that ends, and from one whose goroutine was ended.
func TestAnErrorOfAnAbandonedFileIsTold(t *testing.T) {
	for name, end := range map[string]func(*finisher){
		"ends":     func(f *finisher) { f.end(fs.ErrPermission, false) },
		"is ended": func(f *finisher) { f.exited() },
	} {
		t.Run(name, func(t *testing.T) {
			var told []error
			r, _ := rotationOf(t, func(cfg *Config) {
				cfg.Report = base.NewReporter("writesyncers", func(err error) { told = append(told, err) })
			})
			file, err := os.Create(filepath.Join(t.TempDir(), "out"))
			require.NoError(t, err)
			require.NoError(t, file.Close())
			r.finish.running = true
			r.finish.enqueue(&Rolled{f: file, path: file.Name()})
			require.NoError(t, abandon(r.finish), "its goroutine is at work")
			end(r.finish)
			require.True(t, slices.ContainsFunc(told, func(err error) bool { return errors.Is(err, fs.ErrClosed) }), told)
		})
	}
}

// Another process has the lock twice, some time apart, and the file has changed in between: that is not a lock held all the time.
func TestTheLockIsRefusedNowAndThen(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a log has no lock here")
	}
	synctest.Test(t, func(t *testing.T) {
		r, cfg := rotationOf(t, func(cfg *Config) { cfg.Shared = true })
		file := open(t, cfg, "one\n")
		other := newDirectory(cfg.Path)
		for range 2 {
			require.NoError(t, other.enter())
			_, _, err := r.Exchange(file, false)
			require.ErrorIs(t, err, fsys.ErrLocked)
			cfg.Report.Tell()
			other.leave(true)
			time.Sleep(2 * lockWait)
			r.Opened()
		}
		require.NoError(t, file.Close())
		require.NoError(t, r.Close())
	})
}
