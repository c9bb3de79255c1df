package queue

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/zaphandlers/benchmarks/suite"
)

// Suite is the benchmarks of this package.
var Suite = suite.Suite{
	Name:   "Queue",
	Tables: slices.Concat(producerTables(), pacedTables(), sustainedTables(), crowdTables(), fanOutTables(), coreTables(), durableTables()),
	Bounds: slices.Concat(bounds, crowdBounds, fanOutBounds, durableBounds),
}

// producerTables: what a call costs its caller, in bursts that are delivered between.
func producerTables() (tables []suite.Table) {
	for _, to := range []struct {
		name string
		open func() (*sink, error)
	}{{"discard", discard}, {"file", file}} {
		for _, producers := range []int{1, 2} {
			run := func(b *testing.B, w way) error { return bursts(b, w, to.open, producers) }
			name := fmt.Sprintf("producer, %s, %d", to.name, producers)
			tables = append(tables, table(name, 100*burst, ways, run), table(name+", typical", 100*burst, typicalWays, run))
		}
	}
	return tables
}

// table is a table of ways.
func table(name string, n int, ways []way, run func(b *testing.B, w way) error) suite.Table {
	t := suite.Table{Name: name, N: n}
	for _, w := range ways {
		t.Rows = append(t.Rows, suite.Row{Name: w.name, Run: func(b *testing.B) error { return run(b, w) }})
	}
	return t
}

const burst = 2048

// bursts logs b.N records in bursts and reports what one took.
func bursts(b *testing.B, w way, open func() (*sink, error), producers int) error {
	if err := w.takes(producers); err != nil {
		return err
	}
	var took durations
	sent := 0
	arrived, err := with(w, open, func(log func(), s *sink) {
		b.ResetTimer()
		for sent < b.N {
			n := min(burst, b.N-sent)
			took.add(together(producers, n, log), n)
			sent += n
			idle()
			if !w.nowhere {
				s.drain(int64(sent))
			}
		}
		b.StopTimer()
	})
	took.report(b, producers)
	return lost(b, w, arrived, err)
}

// idle waits for longer than any way takes to deliver a burst, in the steps in which drain waits. So all come to the next burst
// equally cold: behind two idle milliseconds a call costs up to a third more than behind one, whatever Core it goes to.
func idle() {
	for end := time.Now().Add(4 * time.Millisecond); time.Now().Before(end); {
		time.Sleep(step)
	}
}

// durations are what the records of bursts took.
type durations struct {
	total   time.Duration
	records int
	each    []float64 // nanoseconds a record in each burst
}

func (d *durations) add(took time.Duration, records int) {
	d.total += took
	d.records += records
	d.each = append(d.each, float64(took.Nanoseconds())/float64(records))
}

// report reports ns/op, over all bursts, and burst-ns, in the median burst: where there are no more processors than busy
// threads, the kernel now and then puts two of them on one, and the burst waits for what runs behind it.
func (d *durations) report(b *testing.B, producers int) {
	b.ReportMetric(float64(d.total.Nanoseconds())*float64(producers)/float64(d.records), "ns/op")
	b.ReportMetric(suite.Median(d.each)*float64(producers), "burst-ns")
}

// lost reports what did not arrive.
func lost(b *testing.B, w way, arrived int64, err error) error {
	if err == nil && !w.nowhere {
		b.ReportMetric(100*(1-float64(arrived)/float64(b.N)), "lost-%")
	}
	return err
}

// together has n calls of log made by some goroutines, and returns how long that took, from when all of them are ready to
// the end of the last.
func together(producers, n int, log func()) time.Duration {
	var ready atomic.Int32
	begins, ends := make([]time.Time, producers), make([]time.Time, producers)
	produce := func(p int) {
		for ready.Add(1); int(ready.Load()) < producers; {
			runtime.Gosched()
		}
		begins[p] = time.Now()
		for i := p; i < n; i += producers {
			log()
		}
		ends[p] = time.Now()
	}
	var wg sync.WaitGroup
	for p := range producers - 1 {
		wg.Go(func() { produce(p + 1) })
	}
	produce(0)
	wg.Wait()
	return slices.MaxFunc(ends, time.Time.Compare).Sub(slices.MinFunc(begins, time.Time.Compare))
}

// pacedTables: how long a call takes, one each 5 µs.
func pacedTables() []suite.Table {
	return []suite.Table{
		table("paced", 20_000, ways, func(b *testing.B, w way) error { return paced(b, w, discard) }),
		table("paced, typical", 20_000, typicalWays, func(b *testing.B, w way) error { return paced(b, w, discard) }),
		table("paced, the sink stalls", 20_000, ways, func(b *testing.B, w way) error { return paced(b, w, stalling) }),
	}
}

func paced(b *testing.B, w way, open func() (*sink, error)) error {
	took := make([]time.Duration, b.N)
	arrived, err := with(w, open, func(log func(), _ *sink) {
		b.ResetTimer()
		next := time.Now()
		for i := range took {
			for time.Now().Before(next) {
			}
			begin := time.Now()
			log()
			took[i] = time.Since(begin)
			next = begin.Add(5 * time.Microsecond)
		}
		b.StopTimer()
	})
	slices.Sort(took)
	quantile := func(q float64) float64 {
		return float64(took[min(len(took)-1, int(q*float64(len(took))))].Nanoseconds())
	}
	b.ReportMetric(quantile(0.5), "p50-ns")
	b.ReportMetric(quantile(0.99), "p99-ns")
	b.ReportMetric(quantile(0.999), "p99.9-ns")
	b.ReportMetric(quantile(1), "max-ns")
	b.ReportMetric(0, "ns/op")
	return lost(b, w, arrived, err)
}

// sustainedTables: a record from the call to the file, as fast as it goes, the last one delivered.
func sustainedTables() (tables []suite.Table) {
	for _, producers := range []int{1, 2} {
		tables = append(tables, table(fmt.Sprintf("sustained, file, %d", producers), 200_000, append(ways, queueZapsWay), func(b *testing.B, w way) error {
			if err := w.takes(producers); err != nil {
				return err
			}
			s, err := file()
			if err != nil {
				return err
			}
			log, end := w.open(s)
			b.ResetTimer()
			begin := time.Now()
			together(producers, b.N, log)
			if err = end(); err != nil {
				return err
			}
			took := time.Since(begin)
			b.StopTimer()
			if arrived := s.lines.Load(); arrived > 0 { // a record that was lost was not delivered fast
				b.ReportMetric(float64(took.Nanoseconds())/float64(arrived), "ns/op")
			}
			return lost(b, w, s.lines.Load(), s.close())
		}))
	}
	return tables
}
