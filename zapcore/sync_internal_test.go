package zapcore

import (
	"errors"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
)

// slowEmitter does not confirm what it gets: each Sync ends with a timeout, when it is released.
type slowEmitter struct {
	began, release chan struct{}
	syncs          int
}

func (e *slowEmitter) Emit(zapcore.Entry, []byte) error { return nil }
func (e *slowEmitter) Close() error                     { return nil }

func (e *slowEmitter) Sync() error {
	e.syncs++
	e.began <- struct{}{}
	<-e.release
	return os.ErrDeadlineExceeded
}

// A caller that waits behind a slow Sync waits for one more Sync, and not for one for each waiting caller.
func TestSyncsThatWaitAreOne(t *testing.T) {
	const callers = 20
	for name, call := range map[string]func(h *Handler) error{
		"Sync": (*Handler).Sync,
		"a record above Error": func(h *Handler) error {
			return h.Write(zapcore.Entry{Level: zapcore.DPanicLevel}, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := &slowEmitter{began: make(chan struct{}, callers), release: make(chan struct{})}
			told := make(chan error, callers)
			h, err := NewHandler(HandlerConfig{
				Name: "test", Encoder: NewJSON(zapcore.EncoderConfig{}), Emitter: e,
				Report: NewReporter("test", func(err error) { told <- err }),
			})
			require.NoError(t, err)
			ended := make(chan error, callers)
			go func() { ended <- h.Sync() }()
			<-e.began
			for range callers - 1 {
				go func() { ended <- call(h) }()
			}
			for h.out.syncCalls.Load() < callers {
				runtime.Gosched()
			}
			close(e.release)
			failed := 0
			for range callers {
				if err := <-ended; errors.Is(err, os.ErrDeadlineExceeded) {
					failed++
				}
			}
			require.Equal(t, 2, e.syncs)
			if name == "Sync" {
				require.Equal(t, callers, failed, "each hears of it")
			} else {
				require.ErrorIs(t, <-told, os.ErrDeadlineExceeded)
				require.Equal(t, uint64(callers-1), h.Stats().Accepted)
			}
		})
	}
}
