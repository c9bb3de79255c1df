package mailcore_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/mailcore"
)

// pass advances the time by d, and lets all goroutines do what is due by then. Time here is that of a synctest bubble: it advances
// when all goroutines wait.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// window is a core that limits its mails, and its server.
type window struct {
	*mailcore.Core
	*server
	t       *testing.T
	onError func() // what the program does when it is told

	toldMu sync.Mutex // guards told
	told   []string
}

// inBubble runs test with a window of that interval, and closes it.
func inBubble(t *testing.T, interval time.Duration, s *server, test func(w *window)) {
	synctest.Test(t, func(t *testing.T) {
		w := &window{server: s, t: t, onError: func() {}}
		s.done = make(chan struct{})
		cfg := configFor(s)
		cfg.Interval = interval
		cfg.OnError = w.hear
		w.Core = newCore(t, cfg)
		test(w)
		require.NoError(t, w.Close())
		close(s.done)
		s.sessions.Wait()
	})
}

func (w *window) hear(err error) {
	w.onError()
	w.toldMu.Lock()
	defer w.toldMu.Unlock()
	w.told = append(w.told, err.Error())
}

// write writes records with these messages.
func (w *window) write(messages ...string) {
	w.t.Helper()
	for _, message := range messages {
		require.NoError(w.t, write(w.Core, message))
	}
}

// mailed requires that the server has so many mails.
func (w *window) mailed(mails int) {
	w.t.Helper()
	require.Len(w.t, w.received(), mails)
}

// counts requires these counts.
func (w *window) counts(stats mailcore.Stats) {
	w.t.Helper()
	assert.Equal(w.t, stats, w.Stats())
}

func TestWindow(t *testing.T) {
	tests := []struct {
		name     string
		interval time.Duration
		server   server
		happens  func(w *window)

		// What there is after Close.
		mails int
		last  []string // what the last mail says
		stats mailcore.Stats
		told  []string // what OnError heard
	}{
		{
			name:     "Close sends the last window",
			interval: time.Hour,
			happens:  func(w *window) { w.write("0", "1", "2", "3", "4") },
			mails:    2,
			last:     []string{"4 records"},
			stats:    mailcore.Stats{Accepted: 5, Delivered: 5},
		},
		{
			name:     "Close has five seconds for the last window",
			interval: time.Hour,
			happens: func(w *window) {
				w.write("first", "held")
				w.change(func(string) string {
					<-time.After(800 * time.Millisecond) // of the second that each exchange has; five make a mail
					return ""
				})
				begin := time.Now()
				require.NoError(w.t, w.Close())
				assert.Greater(w.t, time.Since(begin), 4*time.Second)
			},
			mails: 2,
			stats: mailcore.Stats{Accepted: 2, Delivered: 2},
		},
		{
			name:     "Close says what it had to give up",
			interval: time.Hour,
			happens: func(w *window) {
				w.write("x", "x", "x", "x", "x")
				w.change(at("MAIL", stall))
				begin := time.Now()
				err := w.Close()
				assert.LessOrEqual(w.t, time.Since(begin), 5*time.Second)
				var lost *mailcore.LostError
				require.ErrorAs(w.t, err, &lost)
				assert.Equal(w.t, uint64(4), lost.Records)
			},
			mails: 1,
			stats: mailcore.Stats{Accepted: 5, Delivered: 1, Dropped: 4},
		},
		{
			name:     "a digest is kept until the server takes it",
			interval: time.Minute,
			happens: func(w *window) {
				w.write("x", "x", "x", "x", "x")
				w.change(at("MAIL", "451 4.3.0 not now"))
				pass(65 * time.Second)
				w.write("during")
				w.counts(mailcore.Stats{Accepted: 6, Delivered: 1, Pending: 5})
				w.change(nil)
				pass(time.Minute)
				w.mailed(2)
			},
			mails: 2,
			last:  []string{"5 records"},
			stats: mailcore.Stats{Accepted: 6, Delivered: 6},
			told:  []string{"451", "working again"}, // once, and once more when it works
		},
		{
			name:     "a digest that is refused for good is dropped and said so",
			interval: time.Minute,
			happens: func(w *window) {
				w.onError = func() {
					_ = w.Stats()                // takes the locks: they must be free here
					_ = write(w.Core, "refused") // and may log
				}
				w.write("x", "x", "x", "x", "x")
				w.change(at(".", "554 5.7.1 spam"))
				pass(time.Minute)
				w.change(nil)
				assert.Equal(w.t, uint64(4), w.Stats().Dropped)
				assert.Zero(w.t, w.Stats().Missing())
				w.write("and life goes on")
			},
			mails: 2,
			last:  []string{"and life goes on"},
			stats: mailcore.Stats{Accepted: 6, Delivered: 2, Dropped: 4, Refused: 1},
			told:  []string{"554"},
		},
		{
			name:     "a digest that is too large is only counted",
			interval: time.Minute,
			server:   server{extensions: []string{"SIZE 2000"}},
			happens: func(w *window) {
				for range 100 {
					w.write(strings.Repeat("x", 100))
				}
				pass(time.Minute)
				w.mailed(2)
			},
			mails: 2,
			last:  []string{"99 records (99 error)", "99 more suppressed"},
			stats: mailcore.Stats{Accepted: 100, Delivered: 100},
		},
		{
			name:     "Sync sends what is held",
			interval: time.Hour,
			happens: func(w *window) {
				require.NoError(w.t, w.Sync(), "nothing is held")
				w.write("x", "x", "x")
				require.NoError(w.t, w.Sync())
				w.mailed(2)
				n, err := w.WriteBatch(batchOf(w.t, "a", "b"))
				require.NoError(w.t, err)
				assert.Equal(w.t, 2, n)
				assert.Equal(w.t, uint64(2), w.Stats().Pending, "a batch is held too")
			},
			mails: 3,
			last:  []string{"2 records"},
			stats: mailcore.Stats{Accepted: 5, Delivered: 5},
		},
		{
			name:     "a batch opens a window",
			interval: time.Minute,
			happens: func(w *window) {
				_, err := w.WriteBatch(batchOf(w.t, "a", "b", "c"))
				require.NoError(w.t, err)
				w.write("held")
				w.mailed(1)
				w.counts(mailcore.Stats{Accepted: 4, Delivered: 3, Pending: 1})
			},
			mails: 2,
			last:  []string{"held"},
			stats: mailcore.Stats{Accepted: 4, Delivered: 4},
		},
		{
			name: "an idle connection is hung up",
			happens: func(w *window) {
				w.write("x")
				pass(4 * time.Second)
				w.write("y")
				pass(4 * time.Second)
				assert.NotContains(w.t, w.heard(), "QUIT", "it is in use")
				pass(time.Second)
				assert.Contains(w.t, w.heard(), "QUIT")
				w.write("z")
				assert.Equal(w.t, 2, w.connections())
			},
			mails: 3,
			stats: mailcore.Stats{Accepted: 3, Delivered: 3},
		},
		{
			name:     "a panic arrives in spite of the window",
			interval: time.Hour,
			happens: func(w *window) {
				w.write("first", "held")
				assert.Panics(w.t, func() { zap.New(w.Core).Panic("panic") })
				w.mailed(2)
				assert.Equal(w.t, zapcore.ErrorLevel, w.Level())
			},
			mails: 2,
			last:  []string{"(2 records)", "1 panic, 1 error"},
			stats: mailcore.Stats{Accepted: 3, Delivered: 3},
		},
	}
	for i := range tests {
		test := &tests[i]
		t.Run(test.name, func(t *testing.T) {
			var w *window
			inBubble(t, test.interval, &test.server, func(inside *window) {
				w = inside
				test.happens(w)
			})
			w.t = t
			w.mailed(test.mails)
			w.counts(test.stats)
			m, text := read(t, w.received()[test.mails-1].data)
			for _, says := range test.last {
				assert.Contains(t, m.Header.Get("Subject")+"\n"+text, says)
			}
			require.Len(t, w.told, len(test.told), "%q", w.told)
			for i, says := range test.told {
				assert.Contains(t, w.told[i], says)
			}
		})
	}
}

func TestTenThousandErrorsInASecondAreTwoMailsInTheFirstMinute(t *testing.T) {
	inBubble(t, time.Minute, new(server), func(w *window) {
		logger := zap.New(w.Core)
		begin := time.Now()
		const records = 10_000
		for i := range records {
			logger.Error("out of stock", zap.Int("i", i), zap.String("why", strings.Repeat("x", 100)))
			<-time.After(time.Second / records)
		}
		w.mailed(1) // the first at once
		w.counts(mailcore.Stats{Accepted: records, Delivered: 1, Pending: records - 1})
		pass(time.Until(begin.Add(time.Minute)))
		w.mailed(2)
		w.counts(mailcore.Stats{Accepted: records, Delivered: records})

		m, text := read(w.t, w.received()[1].data)
		assert.Contains(w.t, m.Header.Get("Subject"), "(9999 records)")
		assert.True(w.t, strings.HasPrefix(text, "9999 records (9999 error), from "), text[:100])
		var suppressed int
		_, err := fmt.Sscanf(strings.Split(text, "\n")[1], "%d more suppressed", &suppressed)
		require.NoError(w.t, err, "more than HeldBytes is counted")
		shown := strings.Count(digestText(w.t, w.received()[1].data), "out of stock")
		assert.Equal(w.t, records-1, shown+suppressed, "each is shown, or counted")

		pass(10 * time.Minute)
		w.mailed(2) // quiet is quiet
	})
}

func TestTheNextRecordAfterAQuietIntervalIsMailedAtOnce(t *testing.T) {
	s := new(server)
	steps := []struct {
		after time.Duration
		mails int
	}{
		{0, 1}, {59 * time.Second, 1}, // held until the minute is over
		{time.Second, 2}, {30 * time.Second, 2}, {29 * time.Second, 2}, // the digest opened a window
		{2 * time.Second, 3}, {61 * time.Second, 4}, {61 * time.Second, 5},
	}
	inBubble(t, time.Minute, s, func(w *window) {
		for i, step := range steps {
			pass(step.after)
			w.write(fmt.Sprintf("record-%d-end", i))
			assert.Len(w.t, w.received(), step.mails, "step %d", i)
		}
	})
	var all string
	for _, m := range s.received() {
		_, text := read(t, m.data)
		all += text
	}
	for i := range steps {
		assert.Equal(t, 1, strings.Count(all, fmt.Sprintf("record-%d-end", i)))
	}
}

// digestText returns the text of a mail and, behind it, what is attached.
func digestText(t *testing.T, data []byte) string {
	_, text := read(t, data)
	return text + attached(t, data)
}
