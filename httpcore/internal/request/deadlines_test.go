package request

import (
	"context"
	"net/http/httptrace"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// reach tells s what net/http would.
func reach(s *Step, at stepName) {
	trace := httptrace.ContextClientTrace(s.Ctx)
	if at >= sending {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	if at >= answering {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
}

func TestEachStepHasItsDeadline(t *testing.T) {
	for at, want := range map[stepName]time.Duration{connecting: 2 * time.Second, sending: 5 * time.Second, answering: 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			d := Deadlines{Connect: 2 * time.Second, First: 5 * time.Second, Most: 12 * time.Second, Own: true}
			s := d.Begin(t.Context(), false)
			defer s.End()
			begin := time.Now()
			reach(s, at)
			reach(s, at) // a redirect, another attempt of net/http: no more time
			<-s.Ctx.Done()
			require.Equal(t, want, time.Since(begin))
			require.Equal(t, lateErrors[at], s.Late())
			require.ErrorIs(t, s.Late(), context.DeadlineExceeded)
		})
	}
}

func TestATransportThatSaysNothingHasAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := Deadlines{Connect: 2 * time.Second, First: 5 * time.Second}
		s := d.Begin(t.Context(), false)
		defer s.End()
		begin := time.Now()
		<-s.Ctx.Done()
		require.Equal(t, 12*time.Second, time.Since(begin))
	})
}

func TestTheNextAttemptHasLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := Deadlines{Connect: time.Second, First: 5 * time.Second, Most: 30 * time.Second, Own: true}
		last := func(patient bool) time.Duration {
			s := d.Begin(t.Context(), patient)
			defer s.End()
			reach(s, answering)
			begin := time.Now()
			<-s.Ctx.Done()
			d.Expired(s)
			return time.Since(begin)
		}
		for _, want := range []time.Duration{5, 10, 20, 30, 30} {
			require.Equal(t, want*time.Second, last(true))
		}
		require.Equal(t, 5*time.Second, last(false), "who waits for one record does not wait longer for it")
		d.Answered(20 * time.Second)
		require.Equal(t, 30*time.Second, d.Batch(), "it needs that long")
		d.Answered(time.Second)
		require.Equal(t, 5*time.Second, last(true))
	})
}

func TestWithoutATimeoutNothingExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := Deadlines{Connect: time.Second, First: -1, Most: -12, Own: true}
		closing, end := context.WithCancel(t.Context())
		s := d.Begin(closing, true)
		defer s.End()
		reach(s, answering)
		time.AfterFunc(100*time.Hour, end)
		begin := time.Now()
		<-s.Ctx.Done()
		require.Equal(t, 100*time.Hour, time.Since(begin))
		require.NoError(t, s.Late())
		require.Zero(t, d.Batch())
	})
}

// Without a timeout for the rest, connecting has its own all the same.
func TestWithoutATimeoutConnectingHasItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := Deadlines{Connect: 2 * time.Second, First: -1, Most: -12, Own: true}
		s := d.Begin(t.Context(), true)
		defer s.End()
		begin := time.Now()
		select {
		case <-s.Ctx.Done():
		case <-time.After(time.Hour):
		}
		require.Equal(t, 2*time.Second, time.Since(begin))
		require.Equal(t, lateErrors[connecting], s.Late())
	})
}
