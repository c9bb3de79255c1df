package httpcore_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// hangsUp stands for a status: the connection ends without an answer.
const hangsUp = -1

// failing are the ways in which a server fails without a word about a record.
var failing = map[string]int{"hang-up": hangsUp, "500": 500, "502": 502, "503": 503}

func tapesOf(t *testing.T, texts []string) (tapes [][]byte) {
	for _, text := range texts {
		tapes = append(tapes, record(t, zapcore.Entry{Message: text}))
	}
	return tapes
}

// One record at which the server fails each time: it is found and refused, and all others arrive.
func TestRecordAtWhichTheServerFails(t *testing.T) {
	texts := numbered(0, 1000)
	for way, status := range failing {
		for name, which := range map[string][]int{"the first": {0}, "one": {500}, "two neighbours": {500, 501}, "the last but a few": {970}, "some": {3, 400, 900}} {
			t.Run(way+", "+name, func(t *testing.T) {
				var wrong []string
				for _, i := range which {
					wrong = append(wrong, texts[i])
				}
				p, url := serving(t, bad(status, wrong...))
				core := lines(t, url, nil)
				h := holder{core: core}
				tapes := tapesOf(t, texts)
				h.deliver(t, tapes)
				require.Len(t, h.refused, len(which))
				for _, i := range which {
					require.Contains(t, h.refused, tapes[i])
				}
				took := p.all()
				slices.Sort(took)
				require.Equal(t, slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return slices.Contains(wrong, s) }), took, "each once")
				require.Equal(t, base.Stats{Accepted: uint64(1000 - len(which)), Delivered: uint64(1000 - len(which)), Refused: uint64(len(which))}, core.Stats())
				require.LessOrEqual(t, p.count(), 10+len(which)*150, "requests")

				before := p.count()
				h.deliver(t, tapesOf(t, numbered(1000, 1000)))
				require.Equal(t, 1, p.count()-before, "the next batch is one request again")
			})
		}
	}
}

// An outage in which nothing is taken: nothing is refused, nothing is split, and all of it arrives in order afterwards.
func TestOutageIsNoRecordsFault(t *testing.T) {
	texts := numbered(0, 1000)
	for way, status := range failing {
		for _, records := range []int{1, 2, 1000} {
			t.Run(way, func(t *testing.T) {
				p, url := serving(t, nil)
				largest := 0
				p.refuse = func(lines []string) (int, string) {
					if p.requests > 200 {
						return 0, ""
					}
					if len(lines) == records {
						largest++
					}
					return status, ""
				}
				h := holder{core: lines(t, url, nil)}
				h.deliver(t, tapesOf(t, texts[:records]))
				require.Empty(t, h.refused)
				require.Equal(t, texts[:records], p.all(), "in order, each once")
				require.Equal(t, 201, p.count(), "as a whole")
				require.GreaterOrEqual(t, largest, 200-2*200/6, "a few records were sent alone")
				h.deliver(t, tapesOf(t, numbered(1000, 1000)))
				require.Equal(t, 202, p.count(), "the next batch is one request")
			})
		}
	}
}

// A balancer with broken servers behind it, which have their turns: no record is at fault.
func TestServersThatTakeTurns(t *testing.T) {
	for servers := 2; servers < 12; servers++ {
		texts := numbered(0, 100)
		p, url := serving(t, nil)
		p.refuse = func([]string) (int, string) {
			if p.requests%servers != 0 {
				return 502, ""
			}
			return 0, ""
		}
		h := holder{core: lines(t, url, nil)}
		h.deliver(t, tapesOf(t, texts))
		require.Empty(t, h.refused, "%d servers", servers)
		took := p.all()
		slices.Sort(took)
		require.Equal(t, texts, took, "each once")
	}
}

// A server that hangs up silently on large requests: the limit is found as if it had answered 413.
func TestServerThatHangsUpOnSize(t *testing.T) {
	p, url := serving(t, func(lines []string) (int, string) {
		if len(lines) > 300 {
			return hangsUp, ""
		}
		return 0, ""
	})
	h := holder{core: lines(t, url, nil)}
	for from := 0; from < 3000; from += 1000 {
		h.deliver(t, tapesOf(t, numbered(from, 1000)))
	}
	require.Empty(t, h.refused)
	before := p.count()
	h.deliver(t, tapesOf(t, numbered(3000, 1000)))
	require.LessOrEqual(t, p.count()-before, 8, "none was refused")
	require.Len(t, unique(p.all()), 4000)
}

// Without another record there is nothing to tell by, and with SplitAfter negative nobody asks.
func TestNothingToTellBy(t *testing.T) {
	for name, test := range map[string]struct {
		after   int
		records int
	}{"one record": {0, 1}, "never": {-1, 100}} {
		t.Run(name, func(t *testing.T) {
			texts := numbered(0, test.records)
			p, url := serving(t, bad(hangsUp, texts[0]))
			core := lines(t, url, func(cfg *httpcore.Config) { cfg.SplitAfter = test.after })
			batch := batchOf(t, texts...)
			for range 300 {
				n, err := core.WriteBatch(batch)
				require.Zero(t, n)
				var retry *base.RetryError
				require.ErrorAs(t, err, &retry)
				tick()
			}
			require.Equal(t, 300, p.count())
			require.Empty(t, p.all())
		})
	}
}

// Behind a queue: a record that comes alone is passed by those that come after it, and is a dead letter then.
func TestQueuePassesARecordAtWhichTheServerFails(t *testing.T) {
	p, url := serving(t, bad(hangsUp, "poison"))
	core := lines(t, url, nil)
	var told errorsOf
	dead, deadLetters := observer.New(zapcore.DebugLevel)
	queue, err := queuecore.New(queuecore.Config{OnError: told.add, OmitNotice: true, Targets: []queuecore.TargetConfig{{
		Core: core, DeadLetter: dead, RetryStart: time.Millisecond, RetryMax: time.Millisecond,
	}}})
	require.NoError(t, err)
	log := zap.New(queue)
	log.Info("poison")
	require.Eventually(t, func() bool { return p.count() >= 20 }, 5*time.Second, time.Millisecond)
	others := uint64(0)
	require.Eventually(t, func() bool { // how many it takes depends on how they come together
		log.Info("other")
		others++
		return deadLetters.Len() > 0
	}, 5*time.Second, 5*time.Millisecond)
	require.NoError(t, queue.Close())
	stats := queue.Stats()
	require.Equal(t, others+1, stats.Accepted)
	require.Equal(t, others, stats.Delivered)
	require.EqualValues(t, 1, stats.Dropped)
	require.LessOrEqual(t, len(told.all), 3, "%v", told.all)
	require.Equal(t, "poison", deadLetters.All()[0].Message)
}

// Several poison records while few others come: a poison record that is sent as a test does not prove that the server is down, and
// each is found in time.
func TestSeveralRecordsAtWhichTheServerFails(t *testing.T) {
	for way, status := range failing {
		for _, wrong := range [][]string{{"bad-1", "bad-2"}, {"bad-1", "bad-2", "bad-3"}} {
			p, url := serving(t, bad(status, wrong...))
			core := lines(t, url, nil)
			left, refused, others := slices.Clone(wrong), []string(nil), 0
			for calls := 0; len(left) > 0; calls++ {
				require.Less(t, calls, 3000, "%s: %v", way, left)
				if calls%3 == 0 && !slices.ContainsFunc(left, func(s string) bool { return s[0] == 'r' }) {
					left = append(left, numbered(others, 1)...)
					others++
				}
				n, err := core.WriteBatch(batchOf(t, left...))
				var rejected *base.RejectedError
				if errors.As(err, &rejected) {
					for _, i := range rejected.Indexes {
						refused = append(refused, left[i])
					}
				}
				var again []string
				var retry *base.RetryError
				if errors.As(err, &retry) {
					for _, i := range retry.Indexes {
						again = append(again, left[i])
					}
				}
				left = append(again, left[n:]...)
				tick()
			}
			slices.Sort(refused)
			require.Equal(t, wrong, refused, way)
			require.ElementsMatch(t, numbered(0, others), p.all(), "each once")
		}
	}
}
