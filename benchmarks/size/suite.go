package size

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/queuecore"
	"go.uber.org/zap/zapcore"
)

// Suite is the benchmarks of this package.
var Suite = suite.Suite{Name: "Size", Tables: []suite.Table{
	{Name: "program", N: 1, Rows: []suite.Row{
		{Name: "zap alone", Run: program("alone")},
		{Name: "zap and a RotatingFile", Run: program("rotating")},
		{Name: "zap and lumberjack", Run: program("lumberjack")},
		{Name: "zap and what a rotation calls", Run: program("calls")},
	}},
	{Name: "memory", N: 1, Rows: []suite.Row{
		{Name: "new queue", Run: unused},
		{Name: "no queue", Run: resident("none")},
		{Name: "full queue", Run: resident("full")},
		{Name: "full queue, GOMEMLIMIT=40MiB", Run: resident("full", "GOMEMLIMIT=40MiB")},
	}},
}, Bounds: bounds}

// program reports how large the program of a directory is.
func program(dir string) func(b *testing.B) error {
	return func(b *testing.B) error {
		path, err := build(b, dir)
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		b.ReportMetric(float64(info.Size()), "bytes")
		return nil
	}
}

// build makes the program of a directory.
func build(b *testing.B, dir string) (path string, err error) {
	path = filepath.Join(b.TempDir(), dir+".exe")
	out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", path, "example.com/zaphandlers/benchmarks/size/"+dir).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return path, nil
}

// resident reports the resident memory of a process with a full queue, or with none.
func resident(what string, env ...string) func(b *testing.B) error {
	return func(b *testing.B) error {
		if runtime.GOOS != "linux" {
			return fmt.Errorf("%w: only Linux has /proc/self/status", suite.ErrLeftOut)
		}
		path, err := build(b, "full")
		if err != nil {
			return err
		}
		cmd := exec.Command(path, what)
		cmd.Env = slices.Concat(os.Environ(), env)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("full: %w: %s", err, out)
		}
		var kib float64
		if _, err := fmt.Sscan(string(out), &kib); err != nil {
			return fmt.Errorf("full printed %q, no number: %w", out, err)
		}
		b.ReportMetric(kib*1024, "bytes")
		return nil
	}
}

// unused reports how many bytes of heap and stacks a queue has that has had no record yet. One that has had some has as little ten
// seconds after the last, which is a test of queuecore.
func unused(b *testing.B) error {
	const queues = 50
	before := inUse()
	for range queues {
		core, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(zapcore.NewNopCore())})
		if err != nil {
			return err
		}
		b.Cleanup(func() { _ = core.Close() })
	}
	b.ReportMetric(float64(inUse()-before)/queues, "bytes")
	return nil
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first one has to finalize
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
