package queue

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"example.com/zaphandlers/benchmarks/suite"
)

// The calls of zapCalls, in Python: ten values. Each prints the nanoseconds of a call by Python's own clock.
const (
	pythonCalls = `
import logging, logging.handlers, queue, time
class Null(logging.Handler):
    def emit(self, record): pass
extra = dict(method="GET", path="/api/v1/orders/12345", status=200, bytes=51234, elapsed=0.001234567, remote="192.0.2.17:51234",
    request_id="6f1c2a4e-9b1d-4c55", agent="curl/8.5.0", cached=True, load=0.75)
log = logging.getLogger("bench"); log.setLevel(1); log.propagate = False
def measure(handler, end):
    log.addHandler(handler)
    n = 20000
    start = time.perf_counter()
    for i in range(n): log.info("request served", extra=extra)
    end()
    print((time.perf_counter() - start) / n * 1e9)
`
	queueHandler = `
q = queue.Queue()
listener = logging.handlers.QueueListener(q, Null()); listener.start()
measure(logging.handlers.QueueHandler(q), listener.stop)
`
	memoryHandler = `
measure(logging.handlers.MemoryHandler(1000, target=Null()), lambda: None)
`
)

// python runs a handler of Python's and takes its word for the time.
func python(handler string) func(*testing.B) error {
	return func(b *testing.B) error {
		out, err := exec.Command("python3", "-c", pythonCalls+handler).Output()
		if err != nil {
			return fmt.Errorf("%w: python3: %w", suite.ErrLeftOut, err)
		}
		ns, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
		b.ReportMetric(ns, "ns/op")
		return err
	}
}
