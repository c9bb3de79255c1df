//go:build unix

package writesyncers

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// soon calls f and wants it back within the time that README promises for a Close.
func soon(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
	case <-time.After(12 * time.Second):
		t.Errorf("%s has not come back", what)
	}
}

// fill writes until a Write does not come back.
func fill(t *testing.T, w io.Writer) {
	t.Helper()
	record := []byte(strings.Repeat("x", 999) + "\n")
	wrote := make(chan struct{}, 1)
	go func() {
		for {
			if _, err := w.Write(record); err != nil {
				return
			}
			wrote <- struct{}{}
		}
	}()
	for {
		select {
		case <-wrote:
		case <-time.After(100 * time.Millisecond):
			return
		}
	}
}

// The reader of a pipe has stopped. Whoever asks for counts, syncs and closes comes to an end all the same.
func TestAPipeThatNobodyReads(t *testing.T) {
	stdout := func(t *testing.T) *os.File { // blocking, as an inherited standard output is
		r, w, err := os.Pipe()
		require.NoError(t, err)
		t.Cleanup(func() { r.Close(); w.Close() })
		w.Fd()
		return w
	}
	fifo := func(t *testing.T) string {
		path := filepath.Join(t.TempDir(), "fifo")
		require.NoError(t, syscall.Mkfifo(path, 0o600))
		r, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		require.NoError(t, err)
		t.Cleanup(func() { r.Close() })
		return path
	}
	encoder := base.NewJSON(zap.NewProductionEncoderConfig())
	for name, open := range map[string]func(t *testing.T) (w io.WriteCloser, sync func() error, stats func()){
		"stream": func(t *testing.T) (io.WriteCloser, func() error, func()) {
			s := NewStream(stdout(t))
			return s, s.Sync, func() { s.Stats() }
		},
		"file on a fifo": func(t *testing.T) (io.WriteCloser, func() error, func()) {
			f, err := NewFile(FileConfig{Path: fifo(t), OnError: func(error) {}})
			require.NoError(t, err)
			return f, f.Sync, func() { f.Stats() }
		},
		"file on a fifo, with a buffer": func(t *testing.T) (io.WriteCloser, func() error, func()) {
			f, err := NewFile(FileConfig{Path: fifo(t), Buffer: 1500, OnError: func(error) {}})
			require.NoError(t, err)
			return f, f.Sync, func() { f.Stats() }
		},
		"rotating file on a fifo": func(t *testing.T) (io.WriteCloser, func() error, func()) {
			f, err := NewRotatingFile(RotatingFileConfig{Path: fifo(t), MaxBytes: 1000, BackupCount: 1, OnError: func(error) {}})
			require.NoError(t, err)
			return f, f.Sync, func() { f.Stats() }
		},
		"a core over a stream": func(t *testing.T) (io.WriteCloser, func() error, func()) {
			core := base.FromWriter(encoder, NewStream(stdout(t)), nil)
			return coreWriter{core}, core.Sync, func() { core.Stats() }
		},
		"a core over a plain file": func(t *testing.T) (io.WriteCloser, func() error, func()) {
			core := base.FromWriter(encoder, stdout(t), nil)
			return coreWriter{core}, core.Sync, func() { core.Stats() }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, sync, stats := open(t)
			fill(t, w)
			for range 3 {
				start := time.Now()
				stats()
				assert.Less(t, time.Since(start), time.Second, "counters wait for no write")
			}
			soon(t, "Sync", func() { assert.ErrorIs(t, sync(), os.ErrDeadlineExceeded) })
			soon(t, "Close", func() {
				if err := w.Close(); err != nil {
					assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
				}
			})
			soon(t, "a second Close", func() { assert.NoError(t, w.Close()) })
			soon(t, "Write", func() { _, err := w.Write([]byte("late\n")); assert.ErrorIs(t, err, os.ErrClosed) })
		})
	}
}

// However often somebody asks for the counters, no more goroutines are left than asked at a time.
func TestStatsOfAPipeThatNobodyReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	require.NoError(t, err)
	t.Cleanup(func() { reader.Close() })
	f, err := NewFile(FileConfig{Path: path, Buffer: 1500, OnError: func(error) {}})
	require.NoError(t, err)
	fill(t, f)
	before := runtime.NumGoroutine()
	for range 20 {
		f.Stats()
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before+1)
	_ = f.Close()
}

// coreWriter writes records to a core.
type coreWriter struct{ *base.Handler }

func (c coreWriter) Write(p []byte) (int, error) {
	return len(p), c.Handler.Write(zapcore.Entry{Message: string(p)}, nil)
}

// Standard output may be a socket, as systemd gives it, which cannot be opened by its path.
func TestStandardOutputThatIsASocket(t *testing.T) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	ours, theirs := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	defer ours.Close()
	defer theirs.Close()
	conn, err := net.FileConn(ours)
	require.NoError(t, err)
	defer conn.Close()
	cmd := child(t, "standard output")
	cmd.Stdout = theirs
	require.NoError(t, cmd.Run())
	require.NoError(t, theirs.Close())
	text, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.Equal(t, "file\nrotating\ntimed\nurl\n", string(text))
}

func init() { children["standard output"] = standardOutputChild }

func standardOutputChild() error {
	file, err := NewFile(FileConfig{Path: "/dev/stdout"})
	if err != nil {
		return err
	}
	rotating, err := NewRotatingFile(RotatingFileConfig{Path: "/dev/stdout", MaxBytes: 2, BackupCount: 1})
	if err != nil {
		return err
	}
	timed, err := NewTimedRotatingFile(TimedRotatingFileConfig{Path: "/dev/fd/1"})
	if err != nil {
		return err
	}
	if err := RegisterSinks(); err != nil {
		return err
	}
	url, closeURL, err := zap.Open("rotate:///dev/stdout?maxBytes=2&backups=1")
	if err != nil {
		return err
	}
	defer closeURL()
	for _, r := range []struct {
		record string
		w      io.Writer
	}{{"file\n", file}, {"rotating\n", rotating}, {"timed\n", timed}, {"url\n", url}} {
		if _, err := r.w.Write([]byte(r.record)); err != nil {
			return err
		}
	}
	for _, c := range []io.Closer{file, rotating, timed} {
		if err := c.Close(); err != nil {
			return err
		}
	}
	return nil
}

type flusherWithoutResult struct {
	io.Writer
	flushed int
}

func (f *flusherWithoutResult) Flush() { f.flushed++ }

func TestStreamCallsAFlushWithoutAResult(t *testing.T) {
	w := &flusherWithoutResult{Writer: io.Discard}
	s := NewStream(w)
	require.NoError(t, s.Sync())
	require.NoError(t, s.Close())
	assert.Equal(t, 2, w.flushed)
}

// The reader of standard output has gone. As the documentation has it: that ends a program by its Stream, unless the signal is ignored, and
// not by a File on /dev/stdout.
func TestStandardOutputWhoseReaderHasGone(t *testing.T) {
	for name, ends := range map[string]bool{"stream": true, "ignored": false, "file": false} {
		t.Run(name, func(t *testing.T) {
			r, w, err := os.Pipe()
			require.NoError(t, err)
			require.NoError(t, r.Close())
			cmd := child(t, "stdout", "STDOUT_HOW="+name)
			cmd.Stdout = w
			err = cmd.Run()
			require.NoError(t, w.Close())
			if !ends {
				require.NoError(t, err)
				return
			}
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			assert.Equal(t, syscall.SIGPIPE, exit.Sys().(syscall.WaitStatus).Signal())
		})
	}
}

// stdoutChild writes a record to a standard output that nobody reads.
func stdoutChild() error {
	var sink zap.Sink = NewStream(os.Stdout)
	switch os.Getenv("STDOUT_HOW") {
	case "ignored":
		signal.Ignore(syscall.SIGPIPE)
	case "file":
		file, err := NewFile(FileConfig{Path: "/dev/stdout"})
		if err != nil {
			return err
		}
		sink = file
	}
	if _, err := sink.Write([]byte("a record\n")); !errors.Is(err, syscall.EPIPE) {
		return fmt.Errorf("the error is %w", err)
	}
	return nil
}
