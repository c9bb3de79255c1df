package main

import (
	"context"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLinesEndWithTheirContextThoughTheInputDoesNot(t *testing.T) {
	input, typed := io.Pipe()
	defer func() { _ = typed.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, err := io.WriteString(typed, "one\ntwo\n")
		assert.NoError(t, err)
	}()
	logged := make(chan string, 3)
	src := lines{input: input, producers: 2}
	made, err := src.run(ctx, func(r *record) {
		if logged <- r.Message; len(logged) == 2 {
			cancel()
		}
	})
	assert.NoError(t, err)
	assert.EqualValues(t, 2, made)
	assert.ElementsMatch(t, []string{"one", "two"}, []string{<-logged, <-logged})
}

func TestLinesSayWhichLineIsTooLong(t *testing.T) {
	src := lines{input: io.MultiReader(strings.NewReader("short\n"), io.LimitReader(zeros{}, 2*maxRecord)), producers: 1}
	made, err := src.run(t.Context(), func(*record) {})
	assert.EqualError(t, err, "line 2: bufio.Scanner: token too long")
	assert.EqualValues(t, 1, made)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestPaceSpreadsEventsEvenly(t *testing.T) {
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := pace{perSecond: 250, begin: begin}
	for n, want := range map[uint64]time.Duration{0: 0, 1: 4 * time.Millisecond, 250: time.Second, 1001: 4004 * time.Millisecond} {
		assert.Equal(t, begin.Add(want), p.due(n), n)
	}
}

func TestPaceWaitsNoLongerThanItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.False(t, pace{}.wait(ctx, 0))
	assert.False(t, pace{perSecond: 1, begin: time.Now()}.wait(ctx, 1_000_000))
	assert.False(t, pace{perSecond: 1, begin: time.Now().Add(-time.Hour)}.wait(ctx, 0))
	assert.True(t, pace{perSecond: 1, begin: time.Now()}.wait(t.Context(), 0))
}

func TestLatencyBucketsCoverEveryDuration(t *testing.T) {
	for b := range len(latencies{}.counts) - 1 {
		if highest(b) >= 1<<63 {
			break
		}
		require.Equal(t, b, bucket(highest(b)), "the highest of a bucket is in it")
		require.Equal(t, b+1, bucket(highest(b)+1), "and the next is in the next")
	}
	assert.Less(t, bucket(1<<63-1), len(latencies{}.counts))
}

func TestLatencyQuantilesAreAtMostAStepTooHigh(t *testing.T) {
	var l latencies
	assert.Zero(t, l.quantile(0.5), "before the first call")
	var all []time.Duration
	for range 10_000 {
		d := time.Duration(rand.ExpFloat64() * float64(time.Microsecond))
		all = append(all, d)
		l.add(d)
	}
	slices.Sort(all)
	for _, q := range []float64{0.001, 0.5, 0.99, 0.999, 1} {
		want := all[int(q*10_000)-1]
		assert.GreaterOrEqual(t, l.quantile(q), want, q)
		assert.LessOrEqual(t, float64(l.quantile(q)), float64(want)*(1+1.0/steps)+1, q)
	}
	assert.Equal(t, all[len(all)-1], l.quantile(1), "the longest is exact")
}

func TestRangesNameTheFirstAndCountAll(t *testing.T) {
	var r ranges
	for n := uint64(0); n < 1000; n++ {
		if n%50 < 2 {
			r.add(n)
		}
	}
	assert.EqualValues(t, 40, r.count)
	assert.Equal(t, "0–1, 50–51, 100–101, 150–151, 200–201, 250–251, 300–301, 350–351, 400–401, 450–451, …", r.String())
}

func TestMissingIsExactAtTheEdgesOfWords(t *testing.T) {
	for _, logged := range []uint64{0, 1, 63, 64, 65, 128, 1000} {
		for gap := range logged {
			tally := newTally(logged)
			for seq := range logged {
				if seq != gap {
					r := record{Seq: seq}
					r.Sum = r.checksum()
					tally.add(&r, "")
				}
			}
			require.Equal(t, &ranges{1, [][2]uint64{{gap, gap}}}, tally.missing(), "%d of %d", gap, logged)
		}
		assert.Empty(t, newTally(0).problems())
	}
}

func TestChecksumSeesEveryValue(t *testing.T) {
	plain := record{}
	for name, change := range map[string]func(*record){
		"level":    func(r *record) { r.Level++ },
		"message":  func(r *record) { r.Message = "x" },
		"seq":      func(r *record) { r.Seq++ },
		"method":   func(r *record) { r.Method = "x" },
		"path":     func(r *record) { r.Path = "x" },
		"status":   func(r *record) { r.Status++ },
		"bytes":    func(r *record) { r.Bytes++ },
		"duration": func(r *record) { r.Duration++ },
		"remote":   func(r *record) { r.Remote = "x" },
		"id":       func(r *record) { r.RequestID = "x" },
		"agent":    func(r *record) { r.UserAgent = "x" },
		"error":    func(r *record) { r.Error = "x" },
	} {
		changed := plain
		change(&changed)
		assert.NotEqual(t, plain.checksum(), changed.checksum(), name)
	}
}

func TestProgressText(t *testing.T) {
	for _, tt := range []struct {
		name string
		p    *progress
		n    uint64
		want string
	}{
		{"in a file", &progress{total: 100_000, noun: "request"}, 50_000, "50,000 of 100,000 requests, 25,000/s"},
		{"on a terminal", &progress{total: 90, noun: "request", terminal: true}, 30, "[##########                    ] 30 of 90 requests, 15/s"},
		{"on a terminal, at the end", &progress{total: 90, noun: "request", terminal: true}, 90, "[##############################] 90 of 90 requests, 45/s"},
		{"of unknown length", &progress{noun: "line", terminal: true}, 1, "1 line, 0/s"},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.p.text(tt.n, 2*time.Second)) })
	}
	assert.Zero(t, perSecond(5, 0))
}

func TestNumbersForPeople(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		assert.Equal(t, want, thousands(n))
	}
	for d, want := range map[time.Duration]string{0: "0s", 255: "255ns", 13_149: "13.1µs", 999_999: "1ms", 4_081_234: "4.08ms"} {
		assert.Equal(t, want, short(d))
	}
}
