package faults

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// ledger knows what became of numbered records.
type ledger struct {
	mu      sync.Mutex // guards the fields below
	refused map[int]bool
	arrived map[int]int // how often
	torn    int
	counted int // drops that a handler counted
}

func newLedger() *ledger { return &ledger{refused: map[int]bool{}, arrived: map[int]int{}} }

const (
	begin = "record "
	end   = " end"
)

// record returns the text of a record of that many bytes.
func record(number, size int) string {
	head := fmt.Sprintf("%s%06d ", begin, number)
	return head + strings.Repeat("x", size-len(head)-len(end)) + end
}

// wrote notes the answer to a write.
func (l *ledger) wrote(number int, err error) {
	if err == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused[number] = true
}

// drop notes that a handler counted records as dropped.
func (l *ledger) drop(records int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counted += records
}

// take notes a line or frame that arrived.
func (l *ledger) take(frame []byte) {
	if len(frame) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	number, ok := numberOf(frame)
	if !ok {
		l.torn++
		return
	}
	l.arrived[number]++
}

// await waits until that many records have arrived, if they do.
func (l *ledger) await(records int) {
	for start := time.Now(); time.Since(start) < soon; time.Sleep(time.Millisecond) {
		l.mu.Lock()
		all := len(l.arrived) >= records
		l.mu.Unlock()
		if all {
			return
		}
	}
}

// soon is a bound for whatever must happen.
const soon = 2 * time.Second

// takeLines notes the lines of a file.
func (l *ledger) takeLines(text []byte) {
	for line := range bytes.Lines(text) {
		l.take(bytes.TrimSuffix(line, []byte{'\n'}))
	}
}

// numberOf returns the number of the one record in frame, if it is one and whole. Headers and quotes may be around it.
func numberOf(frame []byte) (int, bool) {
	_, rest, _ := bytes.Cut(frame, []byte(begin))
	digits, rest, _ := bytes.Cut(rest, []byte{' '})
	number, err := strconv.Atoi(string(digits))
	whole := bytes.HasPrefix(bytes.TrimLeft(rest, "x"), []byte(end))
	return number, err == nil && whole && !bytes.Contains(rest, []byte(begin)) && bytes.IndexByte(frame, 0) < 0
}

// outcome is what a ledger comes to.
type outcome struct{ sent, arrived, reported, lost, doubled, torn int }

func (l *ledger) outcome(sent int) outcome {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := outcome{sent: sent, arrived: len(l.arrived), torn: l.torn}
	for _, times := range l.arrived {
		o.doubled += times - 1
	}
	for number := range l.refused {
		if l.arrived[number] == 0 {
			o.reported++
		}
	}
	o.reported = min(o.reported+l.counted, sent-o.arrived)
	o.lost = sent - o.arrived - o.reported
	return o
}

// metrics are an outcome by unit.
func (o outcome) metrics() map[string]int {
	return map[string]int{
		"sent": o.sent, "arrived": o.arrived, "reported": o.reported, "lost-silently": o.lost, "doubled": o.doubled, "torn": o.torn,
	}
}

func (o outcome) report(b *testing.B) {
	b.ReportMetric(0, "ns/op") // says nothing here
	for unit, value := range o.metrics() {
		b.ReportMetric(float64(value), unit)
	}
}
