package zapcore_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	base "example.com/zaphandlers/zapcore"
)

// scripted is a BatchWriter that does what it is told for a batch.
type scripted struct {
	zapcore.Core
	write func(*base.Batch) (int, error)
}

func (s scripted) WriteBatch(b *base.Batch) (int, error) { return s.write(b) }

func messagesIn(b *base.Batch) (all []string) {
	for i := range b.Len() {
		all = append(all, fmt.Sprint(b.At(i).Entry().Message))
	}
	return all
}

func batchNamed(t *testing.T, names ...string) *base.Batch {
	t.Helper()
	var b base.Batch
	for _, name := range names {
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Message: name}, base.Context{}, nil))
		b.Add(r.Bytes())
	}
	return &b
}

func TestOfferToBatchWriter(t *testing.T) {
	boom := errors.New("boom")
	var verdicts base.Verdicts
	verdicts.Reject(0, boom)
	verdicts.Add(0, &base.RetryError{Indexes: []int{1}, Err: boom})
	tests := []struct {
		name      string
		n         int
		err       error
		outcomes  []base.Outcome
		rejection bool
		fails     bool
	}{
		{"all taken", 4, nil, []base.Outcome{base.Delivered, base.Delivered, base.Delivered, base.Delivered}, false, false},
		{"down", 1, &base.RetryError{Err: boom}, []base.Outcome{base.Delivered, base.Kept, base.Kept, base.Kept}, false, true},
		{"failed for good", 1, boom, []base.Outcome{base.Delivered, base.Failed, base.Failed, base.Failed}, false, true},
		{"one rejected", 4, &base.RejectedError{Indexes: []int{2}, Err: boom}, []base.Outcome{base.Delivered, base.Delivered, base.Rejected, base.Delivered}, true, false},
		{"one to be sent again", 4, &base.RetryError{Indexes: []int{1}, Err: boom}, []base.Outcome{base.Delivered, base.Kept, base.Delivered, base.Delivered}, false, true},
		{"both, and the rest", 3, verdicts.With(&base.RetryError{Err: boom}), []base.Outcome{base.Rejected, base.Kept, base.Delivered, base.Kept}, true, true},
		{"errors.Join", 4, errors.Join(&base.RejectedError{Indexes: []int{3}, Err: boom}, &base.RetryError{Indexes: []int{0}, Err: boom}), []base.Outcome{base.Kept, base.Delivered, base.Delivered, base.Rejected}, true, true},
		{"words before both", 2, fmt.Errorf("mine: %w", errors.Join(&base.RejectedError{Indexes: []int{1}, Err: boom}, &base.RetryError{Err: boom})), []base.Outcome{base.Delivered, base.Rejected, base.Kept, base.Kept}, true, true},
		{"a rejection each", 4, errors.Join(&base.RejectedError{Indexes: []int{0}, Err: boom}, &base.RejectedError{Indexes: []int{2}, Err: boom}), []base.Outcome{base.Rejected, base.Delivered, base.Rejected, base.Delivered}, true, false},
		{"a retry each", 4, errors.Join(&base.RetryError{Indexes: []int{0}, Err: boom}, &base.RetryError{Indexes: []int{2}, Err: boom}), []base.Outcome{base.Kept, base.Delivered, base.Kept, base.Delivered}, false, true},
		{"took nothing and said nothing", 0, nil, []base.Outcome{base.Kept, base.Kept, base.Kept, base.Kept}, false, true},
		{"says more than there is", 9, nil, []base.Outcome{base.Delivered, base.Delivered, base.Delivered, base.Delivered}, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := scripted{zapcore.NewNopCore(), func(*base.Batch) (int, error) { return test.n, test.err }}
			outcomes := make([]base.Outcome, 4)
			rejection, err := base.Offer(w, batchNamed(t, "a", "b", "c", "d"), false, outcomes)
			assert.Equal(t, test.outcomes, outcomes)
			assert.Equal(t, test.rejection, rejection != nil, "rejection: %v", rejection)
			assert.Equal(t, test.fails, err != nil, "err: %v", err)
		})
	}
}

func TestOfferIsolatesTheRecordAtWhichABatchWriterPanics(t *testing.T) {
	var got []string
	w := scripted{zapcore.NewNopCore(), func(b *base.Batch) (int, error) {
		all := messagesIn(b)
		for _, m := range all {
			if m == "bomb" {
				panic("bomb")
			}
		}
		got = append(got, all...)
		return b.Len(), nil
	}}
	outcomes := make([]base.Outcome, 6)
	_, err := base.Offer(w, batchNamed(t, "a", "b", "c", "bomb", "d", "e"), false, outcomes)
	var panicked *base.PanicError
	require.ErrorAs(t, err, &panicked)
	require.Equal(t, []string{"a", "b", "c", "d", "e"}, got)
	require.Equal(t, []base.Outcome{0, 0, 0, base.Panicked, 0, 0}, outcomes)
}

func TestOfferToAnyCore(t *testing.T) {
	info, seen := observer.New(zapcore.InfoLevel)
	core := zapcore.RegisterHooks(info, func(ent zapcore.Entry) error {
		switch ent.Message {
		case "bomb":
			panic("bomb")
		case "bad":
			return errors.New("bad")
		}
		return nil
	})
	outcomes := make([]base.Outcome, 3)
	_, err := base.Offer(core, batchNamed(t, "good", "bad", "bomb"), false, outcomes)
	require.Error(t, err)
	require.Equal(t, []base.Outcome{base.Delivered, base.Failed, base.Panicked}, outcomes)
	require.Equal(t, "good", seen.All()[0].Message)

	warn, _ := observer.New(zapcore.WarnLevel)
	_, err = base.Offer(warn, batchNamed(t, "below"), false, outcomes[:1])
	require.NoError(t, err)
	require.Equal(t, base.Skipped, outcomes[0])
	_, err = base.Offer(warn, batchNamed(t, "below"), true, outcomes[:1])
	require.NoError(t, err)
	require.Equal(t, base.Delivered, outcomes[0])
}

func TestTally(t *testing.T) {
	delivered, lost := base.Tally([]base.Outcome{base.Delivered, base.Skipped, base.Rejected, base.Delivered, base.Failed, base.Panicked, base.Kept})
	require.Equal(t, 2, delivered)
	require.Equal(t, 3, lost)
}

// brokenError is an error that panics when it is asked what it says.
type brokenError struct{}

func (brokenError) Error() string { panic("at Error") }

// brokenWriter returns such errors.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, brokenError{} }
func (brokenWriter) Sync() error               { return nil }

// An error that panics in its Error method is detected by Offer, not by the code that reports it.
func TestOfferToACoreWhoseErrorPanics(t *testing.T) {
	for _, core := range []zapcore.Core{
		zapcore.NewCore(jsonEncoder(), brokenWriter{}, zapcore.DebugLevel),
		zapcore.NewTee(zapcore.NewCore(jsonEncoder(), brokenWriter{}, zapcore.DebugLevel), zapcore.NewNopCore()),
	} {
		outcomes := make([]base.Outcome, 2)
		_, err := base.Offer(core, batchNamed(t, "a", "b"), false, outcomes)
		require.Contains(t, err.Error(), "at Error")
		require.NotContains(t, outcomes, base.Delivered)
	}
}

// An error that a core returns for many records is returned once.
func TestOfferSaysAnErrorOnce(t *testing.T) {
	closed, err := base.NewHandler(base.HandlerConfig{Name: "test", Encoder: jsonEncoder(), Emitter: &hurriedEmitter{}})
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	names := make([]string, 1000)
	_, err = base.Offer(zapcore.NewTee(closed, closed), batchNamed(t, names...), false, make([]base.Outcome, len(names)))
	require.ErrorContains(t, err, "closed")
	require.Less(t, len(err.Error()), 100)
}
