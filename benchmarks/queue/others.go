package queue

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// python runs a handler of Python's.
func python(handler string) func(*testing.B) error {
	return func(b *testing.B) error { return tell(b, exec.Command("python3", "-c", pythonCalls+handler)) }
}

// spdlogCalls is the same for spdlog's asynchronous logger, in bursts that its thread empties between, as for producerTables.
const spdlogCalls = `
#include <spdlog/spdlog.h>
#include <spdlog/async.h>
#include <spdlog/sinks/null_sink.h>
#include <chrono>
#include <cstdio>
#include <thread>

int main() {
	const int burst = 2048, bursts = 50;
	spdlog::init_thread_pool(8192, 1);
	auto log = spdlog::create_async<spdlog::sinks::null_sink_mt>("bench");
	double took = 0;
	for (int b = 0; b < bursts; b++) {
		auto begin = std::chrono::steady_clock::now();
		for (int i = 0; i < burst; i++)
			log->info("request served method={} path={} status={} bytes={} elapsed={} remote={} request_id={} agent={} cached={} load={}",
				"GET", "/api/v1/orders/12345", 200, 51234, 0.001234567, "192.0.2.17:51234", "6f1c2a4e-9b1d-4c55", "curl/8.5.0", true, 0.75);
		took += std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
		while (spdlog::thread_pool()->queue_size() > 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
	}
	printf("%f\n", took / burst / bursts);
}
`

// spdlog compiles and runs that. Debian has it in libspdlog-dev.
func spdlog(b *testing.B) error {
	dir, err := os.MkdirTemp("", "spdlog")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "bench")
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", "spdlog").Output()
	if err != nil {
		return fmt.Errorf("%w: no spdlog: pkg-config: %w", suite.ErrLeftOut, err)
	}
	compile := exec.Command("c++", append([]string{"-O2", "-std=c++17", "-x", "c++", "-", "-o", program}, strings.Fields(string(flags))...)...)
	compile.Stdin = strings.NewReader(spdlogCalls)
	if out, err := compile.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: c++: %w: %s", suite.ErrLeftOut, err, bytes.TrimSpace(out))
	}
	return tell(b, exec.Command(program))
}

// tell takes a program's word for what a call costs.
func tell(b *testing.B, program *exec.Cmd) error {
	out, err := program.Output()
	if err != nil {
		return fmt.Errorf("%w: %s: %w", suite.ErrLeftOut, program.Path, err)
	}
	ns, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	b.ReportMetric(ns, "ns/op")
	return err
}
