package queue

import (
	"slices"
	"sync"
	"testing"
	"time"

	"example.com/zaphandlers/benchmarks/suite"
)

// crowd is how many goroutines log at once in the table of that name.
const (
	crowd      = 64
	crowdTable = "64 goroutines at once, discard"
)

func crowdTables() []suite.Table {
	return []suite.Table{table(crowdTable, 50_000, ways, crowded)} // which fit into the queue
}

var crowdBounds = []suite.Bound{
	{Claim: "64 goroutines at once, a call, median, of one goroutine's", Of: value(crowdTable+"/"+ours, "p50-ns"), Against: value("producer, discard, 1/"+ours, "burst-ns"), AtMost: 2.5},
	{Claim: "64 goroutines at once, a call, p99.9, of zap's", Of: value(crowdTable+"/"+ours, "p99.9-ns"), Against: value(crowdTable+"/"+synchronous, "p99.9-ns"), AtMost: 0.2},
}

// crowded has b.N records logged by many goroutines, and reports what a record took ("record-ns", all of them together) and how long
// the calls were.
func crowded(b *testing.B, w way) error {
	if err := w.takes(crowd); err != nil {
		return err
	}
	each := max(b.N/crowd, 1)
	took := make([][]float64, crowd)
	arrived, err := with(w, discard, func(log func(), _ *sink) {
		b.ResetTimer()
		begin := make(chan struct{})
		var all sync.WaitGroup
		for g := range took {
			took[g] = make([]float64, each)
			all.Go(func() {
				<-begin
				for i := range took[g] {
					start := time.Now()
					log()
					took[g][i] = float64(time.Since(start).Nanoseconds())
				}
			})
		}
		start := time.Now()
		close(begin)
		all.Wait()
		b.ReportMetric(float64(time.Since(start).Nanoseconds())/float64(crowd*each), "record-ns")
		b.StopTimer()
	})
	calls := slices.Concat(took...)
	slices.Sort(calls)
	b.ReportMetric(calls[len(calls)/2], "p50-ns")
	b.ReportMetric(calls[len(calls)*999/1000], "p99.9-ns")
	b.ReportMetric(0, "ns/op")
	if err == nil && !w.nowhere {
		b.ReportMetric(100*(1-float64(arrived)/float64(crowd*each)), "lost-%")
	}
	return err
}
