package queuecore

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// refuser rejects what comes for good, as a server does that does not accept the key, until it is mended.
type refuser struct {
	fakeBatchWriter
	refuses func(message string) bool
	tried   []string
}

func (r *refuser) WriteBatch(b *base.Batch) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var rejected base.RejectedError
	for i := range b.Len() {
		m := strings.Clone(b.At(i).Entry().Message)
		r.tried = append(r.tried, m)
		if r.refuses(m) {
			rejected.Indexes, rejected.Err = append(rejected.Indexes, i), errors.New("401 Unauthorized")
			continue
		}
		r.messages = append(r.messages, m)
	}
	if rejected.Indexes != nil {
		return b.Len(), &rejected
	}
	return b.Len(), nil
}

func (r *refuser) attempts() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.tried...)
}

// said collects what OnError is told.
type said struct {
	mu   sync.Mutex
	errs []error
}

func (s *said) onError(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs = append(s.errs, err)
}

func (s *said) recoveries() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, err := range s.errs {
		var r *base.RecoveredError
		if errors.As(err, &r) {
			n++
		}
	}
	return n
}

func TestATargetThatTakesNothingIsNotToldOfIt(t *testing.T) {
	target := &refuser{refuses: func(string) bool { return true }}
	core := start(t, Config{Targets: Targets(target)})
	write(t, core, zapcore.InfoLevel, "one")
	require.NoError(t, core.Sync())
	require.Eventually(t, core.asleep, 5*time.Second, time.Millisecond, "it has had every occasion to say more")
	require.NoError(t, core.Close())
	require.Equal(t, []string{"one"}, target.attempts())
}

func TestANoticeThatIsRefusedIsNotRepeated(t *testing.T) {
	target := &refuser{refuses: func(m string) bool { return m != "good" }}
	core := start(t, Config{Targets: Targets(target)})
	write(t, core, zapcore.InfoLevel, "bad", "good")
	require.NoError(t, core.Sync())
	require.Eventually(t, core.asleep, 5*time.Second, time.Millisecond)
	write(t, core, zapcore.InfoLevel, "good")
	require.NoError(t, core.Sync())
	require.Eventually(t, core.asleep, 5*time.Second, time.Millisecond)
	n := 0
	for _, m := range target.attempts() {
		if m == "records dropped" {
			n++
		}
	}
	require.LessOrEqual(t, n, 1)
}

func TestANoticeFollowsOnceTheTargetTakesRecordsAgain(t *testing.T) {
	var mended sync.Map
	target := &refuser{refuses: func(string) bool { _, ok := mended.Load(true); return !ok }}
	core := start(t, Config{Targets: Targets(target)})
	write(t, core, zapcore.InfoLevel, "bad")
	require.NoError(t, core.Sync())
	mended.Store(true, true)
	write(t, core, zapcore.InfoLevel, "good")
	require.Eventually(t, func() bool { return core.Targets()[0].Notices == 1 }, 5*time.Second, time.Millisecond)
	require.Equal(t, []string{"good", "records dropped"}, target.all())
}

func TestARejectionIsNoRecovery(t *testing.T) {
	var heard said
	var mended sync.Map
	target := &refuser{refuses: func(string) bool { _, ok := mended.Load(true); return !ok }}
	core := start(t, Config{Targets: Targets(target), OnError: heard.onError})
	for range 5 {
		write(t, core, zapcore.InfoLevel, "bad")
		require.NoError(t, core.Sync())
	}
	require.Zero(t, heard.recoveries(), "every request was refused")
	mended.Store(true, true)
	write(t, core, zapcore.InfoLevel, "good")
	require.NoError(t, core.Sync())
	require.Equal(t, 1, heard.recoveries())
	var recovered *base.RecoveredError
	require.ErrorAs(t, heard.errs[len(heard.errs)-1], &recovered)
	require.Equal(t, uint64(5), recovered.Records, "what it cost")
}

// downTarget is a BatchWriter that is down until it is not.
type downTarget struct {
	fakeBatchWriter
	up atomic.Bool
}

func (d *downTarget) WriteBatch(batch *base.Batch) (int, error) {
	if !d.up.Load() {
		return 0, &base.RetryError{Err: errors.New("connection refused")}
	}
	return d.fakeBatchWriter.WriteBatch(batch)
}

// An error says whose it is; the recovery, and the end, what it has cost.
func TestAnErrorNamesTheTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told texts
		target := new(downTarget)
		targets := Targets(target)
		targets[0].Name = "collector"
		core := start(t, Config{
			Targets: targets, MaxBytes: minBytes, Overflow: DropOldest, OmitNotice: true, DrainTimeout: time.Second,
			OnError: told.add,
		})
		write(t, core, zapcore.InfoLevel, "first")
		time.Sleep(100 * time.Millisecond) // a target naps at times
		for range 100 {
			write(t, core, zapcore.InfoLevel, bulky("record"))
		}
		target.up.Store(true)
		time.Sleep(time.Minute)
		lost := core.Stats().Dropped
		require.Positive(t, lost)
		require.Equal(t, []string{
			"queuecore: target collector: connection refused",
			fmt.Sprintf("queuecore: target collector: working again, %d records were lost", lost),
		}, told.list())

		target.up.Store(false)
		write(t, core, zapcore.InfoLevel, "last")
		time.Sleep(100 * time.Millisecond)
		require.EqualError(t, core.Close(), "zaphandlers: 1 record lost: queuecore: target collector: 1 left: connection refused")
	})
}
