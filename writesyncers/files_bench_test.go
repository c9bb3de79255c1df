package writesyncers

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
)

// BenchmarkWrite compares the writers with os.File.Write, the floor: one system call a record. The directory is that of
// TMPDIR; set it to compare disks. g is the number of goroutines.
func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{200, 1024} {
		for _, g := range []int{1, 2} {
			for _, w := range benchWriters {
				b.Run(fmt.Sprintf("%s/%dB/g%d", w.name, size, g), func(b *testing.B) { benchWrite(b, w.open, size, g) })
			}
		}
	}
}

// writeCloser is what all our writers are.
type writeCloser interface {
	Write([]byte) (int, error)
	WriteRecords([]byte, []int) (int, error)
	Sync() error
	Close() error
}

type benchWriter interface {
	Write([]byte) (int, error)
	Close() error
}

var benchWriters = []struct {
	name string
	open func(path string) (benchWriter, error)
}{
	{"raw", func(path string) (benchWriter, error) {
		return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	}},
	{"file", func(path string) (benchWriter, error) { return NewFile(FileConfig{Path: path}) }},
	{"rotating", func(path string) (benchWriter, error) {
		return NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 1 << 40, BackupCount: 3})
	}},
	{"timed", func(path string) (benchWriter, error) {
		return NewTimedRotatingFile(TimedRotatingFileConfig{Path: path, When: "midnight"})
	}},
	{"shared", func(path string) (benchWriter, error) {
		return NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 1 << 40, BackupCount: 3, Shared: true})
	}},
	{"buffered", func(path string) (benchWriter, error) { return NewFile(FileConfig{Path: path, Buffer: 256 << 10}) }},
	{"zap-buffered", func(path string) (benchWriter, error) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		return zapBuffered{&zapcore.BufferedWriteSyncer{WS: f}, f}, err
	}},
	{"watched", func(path string) (benchWriter, error) { return NewWatchedFile(WatchedFileConfig{Path: path}) }},
	{"watched-notify", func(path string) (benchWriter, error) {
		return NewWatchedFile(WatchedFileConfig{Path: path, Notify: true})
	}},
	{"watched-100ms", func(path string) (benchWriter, error) {
		return NewWatchedFile(WatchedFileConfig{Path: path, CheckEvery: 100 * time.Millisecond})
	}},
}

// zapBuffered is zap's own buffer over a file.
type zapBuffered struct {
	*zapcore.BufferedWriteSyncer
	f *os.File
}

func (z zapBuffered) Close() error { return multierr.Append(z.Stop(), z.f.Close()) }

func benchWrite(b *testing.B, open func(string) (benchWriter, error), size, goroutines int) {
	w, err := open(filepath.Join(b.TempDir(), "app.log"))
	if err != nil {
		b.Fatal(err)
	}
	record := append(bytes.Repeat([]byte("x"), size-1), '\n')
	b.ReportAllocs()
	b.ResetTimer()
	done := make(chan error, goroutines)
	for g := range goroutines {
		go func() {
			var err error
			for i := g; i < b.N && err == nil; i += goroutines {
				_, err = w.Write(record)
			}
			done <- err
		}()
	}
	for range goroutines {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkPause measures the write that rolls the file over: 8 MiB files, five backups. It reports the median in
// microseconds, of one rollover an iteration.
func BenchmarkPause(b *testing.B) {
	for _, compress := range []string{"", Gzip} {
		b.Run("compress="+compress, func(b *testing.B) { benchPause(b, compress) })
	}
}

func benchPause(b *testing.B, compress string) {
	f, err := NewRotatingFile(RotatingFileConfig{
		Path: filepath.Join(b.TempDir(), "app.log"), MaxBytes: 8 << 20, BackupCount: 5, Compress: compress, Fsync: FsyncNever,
	})
	if err != nil {
		b.Fatal(err)
	}
	record := []byte(strings.Repeat("x", 199) + "\n")
	var pauses []time.Duration
	for range b.N {
		for f.mark < f.roller.limit || f.file.size+int64(len(record)) < f.roller.limit {
			if _, err := f.Write(record); err != nil {
				b.Fatal(err)
			}
		}
		start := time.Now()
		_, _ = f.Write(record)
		pauses = append(pauses, time.Since(start))
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	slices.Sort(pauses)
	b.ReportMetric(float64(pauses[len(pauses)/2].Nanoseconds())/1e3, "µs/pause")
	b.ReportMetric(float64(pauses[len(pauses)-1].Nanoseconds())/1e3, "µs/worst")
}
