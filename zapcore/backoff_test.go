package zapcore_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	base "example.com/zaphandlers/zapcore"
)

var epoch = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func TestBackoffGrowsAsPythonDoes(t *testing.T) {
	s := time.Second
	tests := map[string]struct {
		backoff base.Backoff
		want    []time.Duration
	}{
		"defaults":                          {base.Backoff{}, []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 30 * s, 30 * s}},
		"the first delay may be beyond Max": {base.Backoff{Start: 60 * s}, []time.Duration{60 * s, 30 * s, 30 * s}},
		"factor 1 is constant":              {base.Backoff{Factor: 1}, []time.Duration{s, s, s}},
		"factor 1.5 in milliseconds":        {base.Backoff{Start: 10 * time.Millisecond, Factor: 1.5, Max: 20 * time.Millisecond}, []time.Duration{10e6, 15e6, 20e6, 20e6}},
		"a huge factor does not overflow":   {base.Backoff{Factor: 1e300}, []time.Duration{s, 30 * s, 30 * s}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			now := epoch
			for i, want := range test.want {
				require.Equal(t, want, test.backoff.Failed(now), "delay %d", i)
				require.Equal(t, want, test.backoff.Wait(now))
				now = now.Add(want)
				require.Zero(t, test.backoff.Wait(now), "the attempt is due when the delay is over, not later")
			}
		})
	}
}

func TestBackoffForgetsOnlyAfterASuccessThatHeld(t *testing.T) {
	var b base.Backoff
	require.Equal(t, time.Second, b.Failed(epoch))
	require.Equal(t, 2*time.Second, b.Failed(epoch))
	b.Succeeded(epoch)
	require.Zero(t, b.Wait(epoch), "a success allows the next attempt at once")
	require.Equal(t, 4*time.Second, b.Failed(epoch.Add(time.Second)), "a server that accepts and hangs up is not hammered")
	b.Succeeded(epoch)
	b.Succeeded(epoch.Add(3 * time.Second))
	require.Equal(t, time.Second, b.Failed(epoch.Add(4*time.Second)), "a success that held as long as the delay forgives")
}

func TestBackoffJitter(t *testing.T) {
	b := base.Backoff{Jitter: true, Factor: 1, Start: time.Second}
	seen := map[time.Duration]bool{}
	for range 100 {
		d := b.Failed(epoch)
		require.True(t, d >= 0 && d <= time.Second, "%v", d)
		seen[d] = true
	}
	require.Greater(t, len(seen), 50, "the delays differ")
}

// A Start or Max near the longest Duration does not overflow.
func TestBackoffOfAnyLength(t *testing.T) {
	now := time.Unix(1e9, 0)
	for _, b := range []base.Backoff{
		{Start: math.MaxInt64}, {Start: math.MaxInt64, Jitter: true}, {Max: math.MaxInt64, Factor: 1e300}, {Max: math.MaxInt64, Factor: math.MaxFloat64, Jitter: true},
	} {
		require.NoError(t, b.Check())
		for range 5 {
			wait := b.Failed(now)
			require.GreaterOrEqual(t, wait, time.Duration(0))
			require.Equal(t, wait, b.Wait(now))
			require.True(t, b.Jitter || wait >= time.Second)
		}
	}
}

func TestBackoffHold(t *testing.T) {
	var b base.Backoff
	b.Hold(epoch, 10*time.Second)
	require.Equal(t, 10*time.Second, b.Wait(epoch))
	b.Hold(epoch, time.Second)
	require.Equal(t, 10*time.Second, b.Wait(epoch), "a shorter wish does not shorten")
}

func TestWhatNobodyCanMeanIsRefused(t *testing.T) {
	for want, backoff := range map[string]base.Backoff{
		"":                              {},
		"RetryStart is -1ns; write":     {Start: -1},
		"RetryStart is 5ns, less than":  {Start: 5},
		"RetryMax is 30ns, less than":   {Max: 30},
		"RetryMax is -1s; write":        {Max: -time.Second},
		"RetryFactor is 0.5; write 1 ":  {Factor: 0.5},
		"RetryFactor is NaN; write 1 f": {Factor: math.NaN()},
	} {
		err := backoff.Check()
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, base.CheckIntervals(base.Interval{Field: "A", Value: -1, Shortest: time.Second}, base.Interval{Field: "B", Shortest: time.Second}))
	require.EqualError(t, base.CheckIntervals(base.Interval{Field: "Timeout", Value: 30, Shortest: time.Millisecond, Example: "30 * time.Second"}),
		"Timeout is 30ns, less than 1ms: a bare number counts nanoseconds; write 30 * time.Second")
}

// A Max below the default of Start is the first delay as well: it is said to be the longest.
func TestBackoffWithAShortMax(t *testing.T) {
	now := time.Unix(1e9, 0)
	b := base.Backoff{Max: 100 * time.Millisecond}
	for range 3 {
		require.Equal(t, 100*time.Millisecond, b.Failed(now))
	}
	b = base.Backoff{Start: time.Second, Max: 100 * time.Millisecond}
	require.Equal(t, time.Second, b.Failed(now), "which somebody has asked for")
}
