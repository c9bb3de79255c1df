package zapcore_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// reporter returns a Reporter, and what it has told.
func reporter(t *testing.T) (r *base.Reporter, told func() []string) {
	t.Helper()
	var mu sync.Mutex
	var texts []string
	r = base.NewReporter("test", func(err error) {
		mu.Lock()
		defer mu.Unlock()
		texts = append(texts, err.Error())
	})
	return r, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(texts)
	}
}

func TestReporterSaysAnErrorOnce(t *testing.T) {
	r, told := reporter(t)
	r.Recovered()
	for range 3 {
		r.Failed(errors.New("disk full"), 2)
	}
	r.Failed(errors.New("disk gone"), 1)
	r.Failed(errors.New("disk full"), 0) // in turns: each was told
	r.Recovered()
	r.Recovered()
	r.Failed(errors.New("disk full"), 0)
	require.Equal(t, []string{"disk full", "disk gone", "test: working again, 7 records were lost", "disk full"}, told())
	require.Equal(t, uint64(6), r.Failures())
}

func TestReporterKnowsAnErrorWhoseNumbersChange(t *testing.T) {
	for _, same := range [][2]string{
		{"write tcp 127.0.0.1:51432->10.0.0.7:25: broken pipe", "write tcp 127.0.0.1:51434->10.0.0.7:25: broken pipe"},
		{"write tcp [::1]:51432->[::1]:25: broken pipe", "write tcp [::1]:9->[::1]:25: broken pipe"},
		{
			"x509: certificate has expired: current time 2026-11-28T21:00:01Z is after 2026-01-01T00:00:00Z",
			"x509: certificate has expired: current time 2026-11-28T21:00:02Z is after 2026-01-01T00:00:00Z",
		},
		{"451 4.3.0 q7F2Kx: try later", "451 4.3.0 zz91Ab: try later"},
		{"dial: i/o timeout (next attempt in 1s)", "dial: i/o timeout (next attempt in 2.5s)"},
	} {
		r, told := reporter(t)
		r.Failed(errors.New(same[0]), 0)
		r.Failed(errors.New(same[1]), 0)
		require.Equal(t, same[:1], told())
	}
	for _, other := range [][2]string{
		{"HTTP status 401", "HTTP status 503"},
		{"write tcp 127.0.0.1:51432->10.0.0.7:25: broken pipe", "write tcp 127.0.0.1:51432->10.0.0.8:25: broken pipe"},
		{"disk 1 full", "disk 1 gone"},
	} {
		r, told := reporter(t)
		r.Failed(errors.New(other[0]), 0)
		r.Failed(errors.New(other[1]), 0)
		require.Equal(t, other[:], told())
	}
}

func TestReporterBoundsWhatOneOutageTells(t *testing.T) {
	r, told := reporter(t)
	for i := range 100 {
		r.Failed(errors.New(strings.Repeat("x", i+1)), 0)
	}
	require.Len(t, told(), 8)
}

func TestReporterSaysARecoveryOnlyWhenItHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, told := reporter(t)
		for range 100 { // a datagram is taken, and the next call learns that nobody was there
			r.Failed(errors.New("refused"), 0)
			r.Unconfirmed()
			time.Sleep(5 * time.Millisecond)
			synctest.Wait()
		}
		require.Equal(t, []string{"refused"}, told())
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, []string{"refused", "test: working again, 0 records were lost"}, told(), "without another call")
	})
}

func TestReporterHoldsBackARecoveryThatWasFalse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, told := reporter(t)
		for range 1000 { // a server that takes every second request
			r.Failed(errors.New("refused"), 1)
			r.Recovered()
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
		}
		require.Equal(t, []string{"refused", "test: working again, 1 record was lost", "refused"}, told())
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, "test: working again, 999 records were lost", told()[3])
		require.Len(t, told(), 4)
		r.Failed(errors.New("refused"), 1)
		r.Recovered()
		require.Len(t, told(), 6, "a failure of its own, later")
	})
}

func TestReporterTellsNoRecoveryAfterStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, told := reporter(t)
		r.Failed(errors.New("refused"), 0)
		r.Unconfirmed()
		r.Stop()
		r.Unconfirmed()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []string{"refused"}, told())
	})
}

func TestReporterKnowsStepsApart(t *testing.T) {
	r, told := reporter(t)
	r.Note("rotate", errors.New("busy"))
	r.Note("compress", errors.New("disk full"))
	r.Note("rotate", errors.New("busy"))
	require.True(t, r.Pending())
	require.Empty(t, told(), "a note calls nobody")
	r.Tell()
	r.Note("rotate", nil)
	r.Note("compress", nil)
	r.Note("sync", nil)
	r.Tell()
	require.False(t, r.Pending())
	require.Equal(t, []string{
		"test: rotate: busy", "test: compress: disk full", "test: rotate: works again after 2 failures", "test: compress: works again after 1 failure",
	}, told())
}

func TestReporterKnowsAnErrorAgainInARetryError(t *testing.T) {
	var said []string
	r := base.NewReporter("test", func(err error) { said = append(said, err.Error()) })
	r.Failed(errors.New("disk full"), 0)
	r.Failed(&base.RetryError{After: time.Second, Err: errors.New("disk full")}, 0)
	r.Failed(&base.RetryError{After: time.Second}, 0)
	r.Failed(&base.RetryError{}, 0)
	require.Equal(t, []string{"disk full", "not taken now (next attempt in 1s)", "not taken now"}, said)
}

func TestReporterTellsTheNumber(t *testing.T) {
	var got *base.RecoveredError
	r := base.NewReporter("test", func(err error) { errors.As(err, &got) })
	r.Failed(errors.New("x"), 5)
	r.Recovered()
	require.Equal(t, uint64(5), got.Records)
}

func TestReporterSurvivesTheUsersFunction(t *testing.T) {
	var r *base.Reporter
	calls := 0
	r = base.NewReporter("test", func(err error) {
		calls++
		if calls == 1 {
			r.Failed(errors.New("from inside"), 0)
			panic("the user's panic")
		}
	})
	require.NotPanics(t, func() { r.Failed(errors.New("outside"), 0) })
	require.Equal(t, 2, calls)
}

func TestReportToSaysEachErrorOnce(t *testing.T) {
	var out strings.Builder
	broken := base.FromWriter(jsonEncoder(), refusing{}, nil)
	logger := zap.New(broken, zap.ErrorOutput(base.ReportTo(zapcore.AddSync(&out))))
	for range 100 {
		logger.Info("m")
	}
	require.Equal(t, 1, strings.Count(out.String(), "write error: disk full"), out.String())
	_ = broken.Close()
	logger.Info("m")
	require.Contains(t, out.String(), "the last error came 99 more times\n")
	require.Contains(t, out.String(), "write error: zaphandlers: closed\n")
}

// However many goroutines report, OnError gets a failure before its recovery, and an OnError that is slow or never returns blocks only the
// goroutine that calls it.
func TestReporterTellsInOrder(t *testing.T) {
	told := make(chan error)
	var calls atomic.Int32
	r := base.NewReporter("test", func(err error) { calls.Add(1); told <- err })
	go r.Failed(errors.New("down"), 1)
	require.Eventually(t, func() bool { return calls.Load() == 1 }, 10*time.Second, time.Millisecond, "it is in the user's function")
	r.Recovered() // does not wait for it
	require.EqualError(t, <-told, "down")
	require.EqualError(t, <-told, "test: working again, 1 record was lost")
}

// If OnError ends the goroutine that calls it, no other error is lost.
func TestReporterOutlivesTheGoroutine(t *testing.T) {
	told := make(chan error, 3)
	r := base.NewReporter("test", func(err error) { told <- err; runtime.Goexit() })
	for _, step := range []string{"a", "b", "c"} {
		r.Note(step, errors.New("failed"))
	}
	go r.Tell()
	for _, step := range []string{"a", "b", "c"} {
		require.EqualError(t, <-told, "test: "+step+": failed")
	}
}

// While OnError does not return, a bounded number of errors waits for it: the newest ones, and one that says how many were left out.
func TestReporterBoundsWhatWaitsForTheUsersFunction(t *testing.T) {
	told := make(chan error)
	var calls atomic.Int32
	r := base.NewReporter("test", func(err error) { calls.Add(1); told <- err })
	go r.Failed(errors.New("down"), 1)
	require.Eventually(t, func() bool { return calls.Load() == 1 }, 10*time.Second, time.Millisecond, "it is in the user's function")
	const steps = 1000
	for i := range steps {
		r.Note("step "+strconv.Itoa(i), errors.New("failed"))
	}
	require.EqualError(t, <-told, "down")
	require.EqualError(t, <-told, "test: OnError has not returned for long: 936 errors were not told")
	for i := steps - 64; i < steps; i++ {
		require.EqualError(t, <-told, fmt.Sprintf("test: step %d: failed", i))
	}
	require.False(t, r.Pending())
}

// An error whose Error method panics is replaced by one that says so.
func TestReporterOfAnErrorThatPanics(t *testing.T) {
	r, told := reporter(t)
	r.Failed(brokenError{}, 1)
	r.Failed(&base.RetryError{Err: brokenError{}}, 1)
	r.Note("sync", brokenError{})
	r.Recovered()
	require.Len(t, told(), 4)
	require.Contains(t, told()[0], "brokenError, cannot be told: panic: at Error")
}
