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

// Time in these tests is that of a bubble: it passes when everybody waits.

// pass lets d pass, and everybody do what is due then.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// ended ends the server before the bubble does.
func ended(t *testing.T, s *server, core *mailcore.Core) {
	require.NoError(t, core.Close())
	close(s.done)
	s.sessions.Wait()
}

func bubbleServer(s *server) *server {
	s.done = make(chan struct{})
	return s
}

func TestTenThousandErrorsInASecondAreTwoMailsInTheFirstMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubbleServer(&server{})
		cfg := configFor(s)
		cfg.Interval = time.Minute
		core := newCore(t, cfg)
		logger := zap.New(core)
		begin := time.Now()
		const records = 10_000
		for i := range records {
			logger.Error("out of stock", zap.Int("i", i), zap.String("why", strings.Repeat("x", 100)))
			<-time.After(time.Second / records)
		}
		require.Len(t, s.received(), 1, "the first at once")
		assert.Equal(t, mailcore.Stats{Accepted: records, Delivered: 1, Pending: records - 1}, core.Stats())
		pass(time.Until(begin.Add(time.Minute)))
		mails := s.received()
		require.Len(t, mails, 2)
		assert.Equal(t, mailcore.Stats{Accepted: records, Delivered: records}, core.Stats())

		m, text := read(t, mails[1].data)
		assert.Contains(t, m.Header.Get("Subject"), "(9999 records)")
		assert.True(t, strings.HasPrefix(text, "9999 records (9999 error), from "), text[:100])
		var suppressed int
		_, err := fmt.Sscanf(strings.Split(text, "\n")[1], "%d more suppressed", &suppressed)
		require.NoError(t, err, "more than HeldBytes is counted")
		shown := strings.Count(digestText(t, mails[1].data), "out of stock")
		assert.Equal(t, records-1, shown+suppressed, "each is shown, or counted")

		pass(10 * time.Minute)
		assert.Len(t, s.received(), 2, "quiet is quiet")
		ended(t, s, core)
	})
}

func TestTheNextRecordAfterAQuietIntervalIsMailedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubbleServer(&server{})
		cfg := configFor(s)
		cfg.Interval = time.Minute
		core := newCore(t, cfg)
		steps := []struct {
			after time.Duration
			mails int
		}{
			{0, 1}, {59 * time.Second, 1}, // held until the minute is over
			{time.Second, 2}, {30 * time.Second, 2}, {29 * time.Second, 2}, // the digest opened a window
			{2 * time.Second, 3}, {61 * time.Second, 4}, {61 * time.Second, 5},
		}
		for i, step := range steps {
			pass(step.after)
			require.NoError(t, write(core, fmt.Sprintf("record-%d-end", i)))
			assert.Len(t, s.received(), step.mails, "step %d", i)
		}
		ended(t, s, core)
		var all string
		for _, m := range s.received() {
			_, text := read(t, m.data)
			all += text
		}
		for i := range steps {
			assert.Equal(t, 1, strings.Count(all, fmt.Sprintf("record-%d-end", i)))
		}
	})
}

func TestCloseSendsTheLastWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubbleServer(&server{})
		cfg := configFor(s)
		cfg.Interval = time.Hour
		core := newCore(t, cfg)
		for i := range 5 {
			require.NoError(t, write(core, fmt.Sprint(i)))
		}
		ended(t, s, core)
		mails := s.received()
		require.Len(t, mails, 2)
		_, text := read(t, mails[1].data)
		assert.Contains(t, text, "4 records")
		assert.Equal(t, mailcore.Stats{Accepted: 5, Delivered: 5}, core.Stats())
	})
}

func TestCloseHasFiveSecondsForTheLastWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubbleServer(&server{})
		cfg := configFor(s)
		cfg.Interval = time.Hour
		core := newCore(t, cfg)
		require.NoError(t, write(core, "first"))
		require.NoError(t, write(core, "held"))
		s.change(func(string) string {
			<-time.After(800 * time.Millisecond) // of the second that each exchange has; five make a mail
			return ""
		})
		begin := time.Now()
		ended(t, s, core)
		assert.Greater(t, time.Since(begin), 4*time.Second)
		assert.Equal(t, mailcore.Stats{Accepted: 2, Delivered: 2}, core.Stats())
	})
}

func TestCloseSaysWhatItHadToGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubbleServer(&server{})
		cfg := configFor(s)
		cfg.Interval = time.Hour
		core := newCore(t, cfg)
		for range 5 {
			require.NoError(t, write(core, "x"))
		}
		s.change(at("MAIL", stall))
		begin := time.Now()
		err := core.Close()
		assert.LessOrEqual(t, time.Since(begin), 5*time.Second)
		var lost *mailcore.LostError
		require.ErrorAs(t, err, &lost)
		assert.Equal(t, uint64(4), lost.Records)
		assert.Equal(t, mailcore.Stats{Accepted: 5, Delivered: 1, Dropped: 4}, core.Stats())
		ended(t, s, core)
	})
}

func TestADigestIsKeptUntilTheServerTakesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var told []string
		s := bubbleServer(&server{})
		cfg := configFor(s)
		cfg.Interval = time.Minute
		cfg.OnError = func(err error) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, err.Error())
		}
		core := newCore(t, cfg)
		for range 5 {
			require.NoError(t, write(core, "x"))
		}
		s.change(at("MAIL", "451 4.3.0 not now"))
		pass(65 * time.Second)
		require.NoError(t, write(core, "during"), "is held too")
		assert.Equal(t, uint64(5), core.Stats().Pending)
		s.change(nil)
		pass(time.Minute)
		assert.Equal(t, mailcore.Stats{Accepted: 6, Delivered: 6}, core.Stats())
		mails := s.received()
		require.Len(t, mails, 2)
		_, text := read(t, mails[1].data)
		assert.Contains(t, text, "5 records")
		mu.Lock()
		require.Len(t, told, 2, "told once, and once more when it works")
		assert.Contains(t, told[0], "451")
		assert.Contains(t, told[1], "working again")
		mu.Unlock()
		ended(t, s, core)
	})
}

func TestADigestThatIsRefusedForGoodIsDroppedAndSaidSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var core *mailcore.Core
		s := bubbleServer(&server{})
		cfg := configFor(s)
		cfg.Interval = time.Minute
		var told []string
		cfg.OnError = func(err error) {
			_ = core.Stats()          // takes the locks: they must be free here
			_ = write(core, "inside") // and may log
			told = append(told, err.Error())
		}
		core = newCore(t, cfg)
		for range 5 {
			require.NoError(t, write(core, "x"))
		}
		s.change(at(".", "554 5.7.1 spam"))
		pass(time.Minute)
		s.change(nil)
		require.Len(t, told, 1)
		assert.Contains(t, told[0], "554")
		stats := core.Stats()
		assert.Equal(t, uint64(4), stats.Dropped)
		assert.Zero(t, stats.Missing())
		require.NoError(t, write(core, "y"), "and life goes on")
		ended(t, s, core)
	})
}

func TestADigestThatIsTooLargeIsOnlyCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubbleServer(&server{extensions: []string{"SIZE 2000"}})
		cfg := configFor(s)
		cfg.Interval = time.Minute
		core := newCore(t, cfg)
		for range 100 {
			require.NoError(t, write(core, strings.Repeat("x", 100)))
		}
		pass(time.Minute)
		mails := s.received()
		require.Len(t, mails, 2)
		_, text := read(t, mails[1].data)
		assert.Contains(t, text, "99 records (99 error)")
		assert.Contains(t, text, "99 more suppressed")
		assert.Equal(t, mailcore.Stats{Accepted: 100, Delivered: 100}, core.Stats())
		ended(t, s, core)
	})
}

func TestSyncSendsWhatIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubbleServer(&server{})
		cfg := configFor(s)
		cfg.Interval = time.Hour
		core := newCore(t, cfg)
		require.NoError(t, core.Sync(), "nothing is held")
		for range 3 {
			require.NoError(t, write(core, "x"))
		}
		require.NoError(t, core.Sync())
		assert.Len(t, s.received(), 2)
		n, err := core.WriteBatch(batchOf(t, "a", "b"))
		require.NoError(t, err)
		assert.Equal(t, 2, n)
		assert.Equal(t, uint64(2), core.Stats().Pending, "a batch is held too")
		ended(t, s, core)
		assert.Equal(t, mailcore.Stats{Accepted: 5, Delivered: 5}, core.Stats())
	})
}

func TestABatchOpensAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubbleServer(&server{})
		cfg := configFor(s)
		cfg.Interval = time.Minute
		core := newCore(t, cfg)
		_, err := core.WriteBatch(batchOf(t, "a", "b", "c"))
		require.NoError(t, err)
		require.NoError(t, write(core, "held"))
		assert.Len(t, s.received(), 1)
		assert.Equal(t, mailcore.Stats{Accepted: 4, Delivered: 3, Pending: 1}, core.Stats())
		ended(t, s, core)
	})
}

func TestAnIdleConnectionIsHungUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubbleServer(&server{})
		core := newCore(t, configFor(s))
		require.NoError(t, write(core, "x"))
		pass(4 * time.Second)
		require.NoError(t, write(core, "y"))
		pass(4 * time.Second)
		assert.NotContains(t, s.heard(), "QUIT", "it is in use")
		pass(time.Second)
		assert.Contains(t, s.heard(), "QUIT")
		require.NoError(t, write(core, "z"))
		assert.Equal(t, 2, s.connections())
		ended(t, s, core)
	})
}

func TestPanicsArriveInSpiteOfTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bubbleServer(&server{})
		cfg := configFor(s)
		cfg.Interval = time.Hour
		core := newCore(t, cfg)
		logger := zap.New(core)
		logger.Error("first")
		logger.Error("held")
		assert.Panics(t, func() { logger.Panic("panic") })
		mails := s.received()
		require.Len(t, mails, 2)
		m, text := read(t, mails[1].data)
		assert.Contains(t, m.Header.Get("Subject"), "(2 records)")
		assert.Contains(t, text, "1 panic, 1 error")
		assert.Equal(t, zapcore.ErrorLevel, core.Level())
		ended(t, s, core)
	})
}

// digestText returns the text of a mail and, behind it, what is attached.
func digestText(t *testing.T, data []byte) string {
	_, text := read(t, data)
	return text + attached(t, data)
}
