package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.uber.org/multierr"
)

// throughput returns the nanoseconds a write takes: count records of size bytes, from some goroutines, to a new file in a
// new directory under dir.
func throughput(w writer, dir string, size, goroutines, count int) (ns float64, err error) {
	err = inside(dir, func(path string) error {
		out, err := w.open(path, 0)
		if err != nil {
			return err
		}
		line := record(size)
		if _, err := out.Write(line); err != nil { // some open only now
			return err
		}
		errs := make([]error, goroutines)
		start := time.Now()
		var wg sync.WaitGroup
		for g := range goroutines {
			wg.Go(func() {
				for i := g; i < count && errs[g] == nil; i += goroutines {
					_, errs[g] = out.Write(line)
				}
			})
		}
		wg.Wait()
		ns = float64(time.Since(start).Nanoseconds()) / float64(count)
		return multierr.Append(multierr.Combine(errs...), out.Close())
	})
	return ns, err
}

// pauses returns the slowest write round each of some rotations: files of limit bytes, lines of 200.
func pauses(w writer, dir string, limit int64, rotations int) (slowest []time.Duration, err error) {
	err = inside(dir, func(path string) error {
		out, err := w.open(path, limit)
		if err != nil {
			return err
		}
		line := record(200)
		perFile := int(limit) / len(line)
		took := make([]time.Duration, perFile*rotations+perFile/2)
		for i := range took {
			start := time.Now()
			_, writeErr := out.Write(line)
			took[i] = time.Since(start)
			err = multierr.Append(err, writeErr)
		}
		const around = 12 // writers differ in a few records in what they call full
		for r := 1; r <= rotations; r++ {
			at := r * (perFile - 1)
			slowest = append(slowest, slices.Max(took[at-around:min(at+around+r, len(took))]))
		}
		return multierr.Append(err, out.Close())
	})
	return slowest, err
}

func record(size int) []byte { return append(bytes.Repeat([]byte("x"), size-1), '\n') }

// inside runs f with a path in a new directory under dir.
func inside(dir string, f func(path string) error) error {
	own, err := os.MkdirTemp(dir, "files")
	if err != nil {
		return err
	}
	err = f(filepath.Join(own, "app.log"))
	for range 100 { // some still work in the directory after their Close
		if os.RemoveAll(own) == nil {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return multierr.Append(err, os.RemoveAll(own))
}

func median[T float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
