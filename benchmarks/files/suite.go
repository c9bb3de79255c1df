package files

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/multierr"

	"example.com/zaphandlers/benchmarks/suite"
)

// Suite is the benchmarks of this package. Its files are in the directory for temporary files, and in memory under /dev/shm.
var Suite = suite.Suite{Name: "Files", Tables: tables()}

func tables() (tables []suite.Table) {
	all := slices.Concat([]writer{{"os.File.Write", raw}}, ours, rivals)
	for _, place := range []struct{ name, dir string }{{"disk", os.TempDir()}, {"memory", "/dev/shm"}} {
		for _, size := range []int{200, 1024} {
			for _, goroutines := range []int{1, 2} {
				t := suite.Table{Name: fmt.Sprintf("%s, %d B, %d", place.name, size, goroutines), N: 100_000}
				for _, w := range all {
					t.Rows = append(t.Rows, suite.Row{Name: w.name, Run: func(b *testing.B) error {
						return inside(place.dir, func(path string) error { return throughput(b, w, path, size, goroutines) })
					}})
				}
				tables = append(tables, t)
			}
		}
	}
	return tables
}

// throughput writes b.N records from some goroutines to a new file.
func throughput(b *testing.B, w writer, path string, size, goroutines int) error {
	out, err := w.open(path, 0)
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
}

func record(size int) []byte { return append(bytes.Repeat([]byte("x"), size-1), '\n') }

// inside runs f with a path in a new directory under dir.
func inside(dir string, f func(path string) error) error {
	own, err := os.MkdirTemp(dir, "files")
	if err != nil {
		return fmt.Errorf("%w: %w", suite.ErrLeftOut, err)
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
