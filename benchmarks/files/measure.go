package files

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/multierr"

	"example.com/zaphandlers/benchmarks/suite"
)

// throughput writes b.N records of size bytes from some goroutines to a new file.
func throughput(w writer, p place, size, goroutines int) func(b *testing.B) error {
	return inside(p, func(b *testing.B, path string) error {
		out, err := w.open(path, never)
		if err != nil {
			return err
		}
		line := record(size)
		if _, err := out.Write(line); err != nil { // some open only now
			return err
		}
		errs := make([]error, goroutines)
		var wg sync.WaitGroup
		b.ResetTimer()
		for g := range goroutines {
			wg.Go(func() {
				for i := g; i < b.N && errs[g] == nil; i += goroutines {
					_, errs[g] = out.Write(line)
				}
			})
		}
		wg.Wait()
		b.StopTimer()
		return multierr.Append(multierr.Combine(errs...), out.Close())
	})
}

// pauses fills b.N files of 8 MiB with lines of 200 B, and half another one. It reports how long the write took that
// rotated: the slowest round each place where a file is full.
func pauses(w writer, p place) func(b *testing.B) error {
	const limit = 8 << 20
	return inside(p, func(b *testing.B, path string) error {
		out, err := w.open(path, rotation{limit, 5})
		if err != nil {
			return err
		}
		line := record(200)
		perFile := limit / len(line)
		took := make([]time.Duration, perFile*b.N+perFile/2)
		b.ResetTimer()
		for i := range took {
			start := time.Now()
			_, writeErr := out.Write(line)
			took[i] = time.Since(start)
			err = multierr.Append(err, writeErr)
		}
		b.StopTimer()
		var slowest []float64
		for r := 1; r <= b.N; r++ {
			from, to := fullAt(perFile, r)
			slowest = append(slowest, microseconds(slices.Max(took[from:to])))
		}
		b.ReportMetric(suite.Median(slowest), "pause-us")
		b.ReportMetric(slices.Max(slowest), "worst-us")
		return multierr.Append(err, out.Close())
	})
}

// fullAt returns between which writes the rotation comes that has this number, from 1 on. Writers differ in a few records in
// what they call full.
func fullAt(perFile, rotation int) (from, to int) {
	const around = 12
	at := rotation * (perFile - 1)
	return at - around, at + around + rotation
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// together has two writers, which know nothing of each other, write b.N records to one path. It reports what was not found
// afterwards of the records whose Write returned no error, and how many lines are none of those written.
func together(w writer, p place) func(b *testing.B) error {
	return inside(p, func(b *testing.B, path string) error {
		line := record(200)
		accepted := make([]int, 2)
		var wg sync.WaitGroup
		b.ResetTimer()
		errs := make([]error, 2)
		for g := range errs {
			wg.Go(func() {
				out, err := w.open(path, rotation{1 << 20, 50})
				if err != nil {
					errs[g] = err
					return
				}
				for i := g; i < b.N; i += 2 {
					if _, err := out.Write(line); err == nil {
						accepted[g]++
					}
				}
				errs[g] = out.Close()
			})
		}
		wg.Wait()
		b.StopTimer()
		found, torn, err := lines(filepath.Dir(path), string(line))
		b.ReportMetric(float64(accepted[0]+accepted[1]-found)/float64(b.N), "lost/op")
		b.ReportMetric(float64(torn)/float64(b.N), "torn/op")
		return multierr.Append(err, multierr.Combine(errs...))
	})
}

// lines counts, in all files of a directory, those lines that are want, and the others.
func lines(dir, want string) (found, torn int, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasSuffix(e.Name(), "_lock") { // file-rotatelogs has a lock file
			continue
		}
		f, openErr := os.Open(filepath.Join(dir, e.Name()))
		if openErr != nil {
			return found, torn, openErr
		}
		for in := bufio.NewReader(f); ; {
			line, readErr := in.ReadString('\n')
			switch {
			case line == want:
				found++
			case line != "":
				torn++
			}
			if readErr != nil {
				if readErr != io.EOF {
					err = multierr.Append(err, readErr)
				}
				break
			}
		}
		err = multierr.Append(err, f.Close())
	}
	return found, torn, err
}

func record(size int) []byte { return append(bytes.Repeat([]byte("x"), size-1), '\n') }

// inside runs f with a path in a new directory, which it removes.
func inside(p place, f func(b *testing.B, path string) error) func(b *testing.B) error {
	return func(b *testing.B) error {
		own, err := os.MkdirTemp(p.dir, "files")
		if err != nil {
			return fmt.Errorf("%w: %w", suite.ErrLeftOut, err)
		}
		err = f(b, filepath.Join(own, "app.log"))
		for range 100 { // some still work in the directory after their Close
			if os.RemoveAll(own) == nil {
				return err
			}
			time.Sleep(10 * time.Millisecond)
		}
		return multierr.Append(err, os.RemoveAll(own))
	}
}
