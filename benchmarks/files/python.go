package files

import (
	"bytes"
	_ "embed"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"example.com/zaphandlers/benchmarks/suite"
)

//go:embed python.py
var pythonProgram string

// pythonRows are the handlers of Python's logging. Their time is by Python's own clock, with the formatting of "%(message)s"
// in it, which a handler there does not do without.
func pythonRows(p place, size int) (rows []suite.Row) {
	for _, handler := range []string{"FileHandler", "WatchedFileHandler", "RotatingFileHandler", "TimedRotatingFileHandler"} {
		rows = append(rows, suite.Row{Name: "Python " + handler, N: pythonWrites, Run: inside(p, func(b *testing.B, path string) error {
			python, err := exec.LookPath("python3")
			if err != nil {
				return fmt.Errorf("%w: %w", suite.ErrLeftOut, err)
			}
			var said bytes.Buffer
			cmd := exec.Command(python, "-c", pythonProgram, handler, path, strconv.Itoa(size), strconv.Itoa(b.N))
			cmd.Stderr = &said
			out, err := cmd.Output()
			if err != nil {
				return fmt.Errorf("%w: %s", err, said.String())
			}
			ns, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
			b.ReportMetric(ns, "ns/op")
			return err
		})})
	}
	return rows
}
