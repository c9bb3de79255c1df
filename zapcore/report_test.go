package zapcore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

func TestReporterSaysAnErrorOnce(t *testing.T) {
	var said []string
	r := base.NewReporter("test", func(err error) { said = append(said, err.Error()) })
	r.Recovered()
	for range 3 {
		r.Failed(errors.New("disk full"), 2)
	}
	r.Failed(errors.New("disk gone"), 1)
	r.Recovered()
	r.Recovered()
	r.Failed(errors.New("disk full"), 0)
	require.Equal(t, []string{"disk full", "disk gone", "test: working again, 7 records were lost", "disk full"}, said)
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
