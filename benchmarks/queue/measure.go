package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// sinks opens the ends of paths.
type sinks struct{ dir string }

// sink counts the lines that arrive. It has no Sync: no path pays for an fsync.
type sink struct {
	io.Writer
	lines atomic.Int64
	close func() error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.Writer.Write(p)
	s.lines.Add(int64(bytes.Count(p[:n], []byte{'\n'})))
	return n, err
}

func (sinks) discard() (*sink, error) { return &sink{Writer: io.Discard, close: nothing}, nil }

func (s sinks) file() (*sink, error) {
	f, err := os.CreateTemp(s.dir, "queue*.log")
	if err != nil {
		return nil, err
	}
	return &sink{Writer: f, close: func() error { return multierr.Append(f.Close(), os.Remove(f.Name())) }}, nil
}

// hiccup stalls for 5 ms each 2000 lines.
func (sinks) hiccup() (*sink, error) { return &sink{Writer: &hiccup{}, close: nothing}, nil }

type hiccup struct{ lines int }

func (h *hiccup) Write(p []byte) (int, error) {
	h.lines += bytes.Count(p, []byte{'\n'})
	if h.lines >= 2000 {
		h.lines -= 2000
		time.Sleep(5 * time.Millisecond)
	}
	return len(p), nil
}

// drain waits for n lines, or until no more come: some paths lose lines.
func (s *sink) drain(n int64) {
	for last, still := int64(-1), 0; s.lines.Load() < n && still < 20; {
		time.Sleep(100 * time.Microsecond)
		if now := s.lines.Load(); now != last {
			last, still = now, 0
		} else {
			still++
		}
	}
}

// producer returns the nanoseconds of a call: bursts of 2048 by some goroutines together, delivered between.
func producer(p path, open func() (*sink, error), producers, calls int) (float64, error) {
	const burst = 2048
	var took time.Duration
	bursts := max(1, calls/burst)
	err := with(p, open, func(log func(), s *sink) {
		for b := range bursts {
			took += together(producers, burst/producers, log)
			s.drain(int64(b+1) * burst)
		}
	})
	return float64(took.Nanoseconds()) * float64(producers) / float64(bursts*burst), err
}

// together makes each of some goroutines call log that often, and returns how long it took from the common start.
func together(producers, each int, log func()) time.Duration {
	if producers == 1 {
		begin := time.Now()
		for range each {
			log()
		}
		return time.Since(begin)
	}
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range producers {
		wg.Go(func() {
			<-start
			for range each {
				log()
			}
		})
	}
	begin := time.Now()
	close(start)
	wg.Wait()
	return time.Since(begin)
}

// paced returns a quantile of how long a call takes, one each 5 µs.
func paced(p path, open func() (*sink, error), calls int, quantile float64) (float64, error) {
	took := make([]time.Duration, calls)
	err := with(p, open, func(log func(), _ *sink) {
		next := time.Now()
		for i := range took {
			for time.Now().Before(next) {
			}
			begin := time.Now()
			log()
			took[i] = time.Since(begin)
			next = begin.Add(5 * time.Microsecond)
		}
	})
	slices.Sort(took)
	return float64(took[min(len(took)-1, int(quantile*float64(len(took))))].Nanoseconds()), err
}

// sustained returns how many thousand records a second have arrived when all is closed.
func sustained(p path, open func() (*sink, error), producers, calls int) (float64, error) {
	arrived, took, err := flood(p, open, producers, calls)
	return float64(arrived) / took.Seconds() / 1000, err
}

// lost returns how many per cent have not.
func lost(p path, open func() (*sink, error), producers, calls int) (float64, error) {
	arrived, _, err := flood(p, open, producers, calls)
	return 100 * (1 - float64(arrived)/float64(calls/producers*producers)), err
}

func flood(p path, open func() (*sink, error), producers, calls int) (arrived int64, took time.Duration, err error) {
	s, err := open()
	if err != nil {
		return 0, 0, err
	}
	log, end := p.open(s)
	begin := time.Now()
	together(producers, calls/producers, log)
	err = end()
	took = time.Since(begin)
	return s.lines.Load(), took, multierr.Append(err, s.close())
}

func with(p path, open func() (*sink, error), f func(log func(), s *sink)) error {
	s, err := open()
	if err != nil {
		return err
	}
	log, end := p.open(s)
	f(log, s)
	return multierr.Append(end(), s.close())
}

// collection prints what the garbage collector's marking costs with 65,536 records held: as tapes, and as copies of fields.
func collection(rounds int) error {
	const records = 65536
	ent := zapcore.Entry{Message: "request served", Time: time.Now()}
	fields := []zapcore.Field{
		zap.String("method", "GET"), zap.String("path", "/api/v1/orders/12345"), zap.Int("status", 200),
		zap.Int64("bytes", 51234), zap.Duration("elapsed", 1234567), zap.String("remote", "192.0.2.17:51234"),
		zap.String("request_id", "6f1c2a4e-9b1d-4c55"), zap.String("agent", "curl/8.5.0"), zap.Bool("cached", true),
		zap.Float64("load", 0.75),
	}
	gate := make(chan struct{})
	core, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(base.FromWriter(jsonEncoder(), gated{gate}, nil))})
	if err != nil {
		return err
	}
	idle := collect(rounds)
	for range records {
		if err := core.Write(ent, fields); err != nil {
			return err
		}
	}
	tapes := collect(rounds)
	close(gate)
	if err := core.Close(); err != nil {
		return err
	}
	held := make([]channelRecord, records)
	for i := range held {
		held[i] = channelRecord{ent, slices.Clone(fields)}
	}
	copies := collect(rounds)
	runtime.KeepAlive(held)
	fmt.Printf("\n## One garbage collection with 65,536 records held, µs more than with none\n\n| queuecore | copies of fields | ratio |\n|---|---|---|\n")
	fmt.Printf("| %.0f | %.0f | %.3f |\n", tapes-idle, copies-idle, max(0, tapes-idle)/(copies-idle))
	return nil
}

type gated struct{ gate chan struct{} }

func (g gated) Write(p []byte) (int, error) { <-g.gate; return len(p), nil }
func (gated) Sync() error                   { return nil }

// collect returns the microseconds of one collection: the least of many, since what else the machine does only adds to it.
func collect(rounds int) float64 {
	var took []float64
	runtime.GC()
	for range 5 * rounds {
		begin := time.Now()
		runtime.GC()
		took = append(took, float64(time.Since(begin).Microseconds()))
	}
	return slices.Min(took)
}
