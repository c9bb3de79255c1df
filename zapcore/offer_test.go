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
		fates     []base.Fate
		rejection bool
		fails     bool
	}{
		{"all taken", 4, nil, []base.Fate{base.Delivered, base.Delivered, base.Delivered, base.Delivered}, false, false},
		{"down", 1, &base.RetryError{Err: boom}, []base.Fate{base.Delivered, base.Kept, base.Kept, base.Kept}, false, true},
		{"failed for good", 1, boom, []base.Fate{base.Delivered, base.Failed, base.Failed, base.Failed}, false, true},
		{"one rejected", 4, &base.RejectedError{Indexes: []int{2}, Err: boom}, []base.Fate{base.Delivered, base.Delivered, base.Rejected, base.Delivered}, true, false},
		{"one to be sent again", 4, &base.RetryError{Indexes: []int{1}, Err: boom}, []base.Fate{base.Delivered, base.Kept, base.Delivered, base.Delivered}, false, true},
		{"both, and the rest", 3, verdicts.With(&base.RetryError{Err: boom}), []base.Fate{base.Rejected, base.Kept, base.Delivered, base.Kept}, true, true},
		{"errors.Join", 4, errors.Join(&base.RejectedError{Indexes: []int{3}, Err: boom}, &base.RetryError{Indexes: []int{0}, Err: boom}), []base.Fate{base.Kept, base.Delivered, base.Delivered, base.Rejected}, true, true},
		{"took nothing and said nothing", 0, nil, []base.Fate{base.Kept, base.Kept, base.Kept, base.Kept}, false, true},
		{"says more than there is", 9, nil, []base.Fate{base.Delivered, base.Delivered, base.Delivered, base.Delivered}, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := scripted{zapcore.NewNopCore(), func(*base.Batch) (int, error) { return test.n, test.err }}
			fates := make([]base.Fate, 4)
			rejection, err := base.Offer(w, batchNamed(t, "a", "b", "c", "d"), false, fates)
			assert.Equal(t, test.fates, fates)
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
	fates := make([]base.Fate, 6)
	_, err := base.Offer(w, batchNamed(t, "a", "b", "c", "bomb", "d", "e"), false, fates)
	var panicked *base.PanicError
	require.ErrorAs(t, err, &panicked)
	require.Equal(t, []string{"a", "b", "c", "d", "e"}, got)
	require.Equal(t, []base.Fate{0, 0, 0, base.Panicked, 0, 0}, fates)
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
	fates := make([]base.Fate, 3)
	_, err := base.Offer(core, batchNamed(t, "good", "bad", "bomb"), false, fates)
	require.Error(t, err)
	require.Equal(t, []base.Fate{base.Delivered, base.Failed, base.Panicked}, fates)
	require.Equal(t, "good", seen.All()[0].Message)

	warn, _ := observer.New(zapcore.WarnLevel)
	_, err = base.Offer(warn, batchNamed(t, "below"), false, fates[:1])
	require.NoError(t, err)
	require.Equal(t, base.Unwanted, fates[0])
	_, err = base.Offer(warn, batchNamed(t, "below"), true, fates[:1])
	require.NoError(t, err)
	require.Equal(t, base.Delivered, fates[0])
}

func TestTally(t *testing.T) {
	delivered, lost := base.Tally([]base.Fate{base.Delivered, base.Unwanted, base.Rejected, base.Delivered, base.Failed, base.Panicked, base.Kept})
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

// An error that panics is found out where it comes from, and not by whoever tells it.
func TestOfferToACoreWhoseErrorPanics(t *testing.T) {
	for _, core := range []zapcore.Core{
		zapcore.NewCore(jsonEncoder(), brokenWriter{}, zapcore.DebugLevel),
		zapcore.NewTee(zapcore.NewCore(jsonEncoder(), brokenWriter{}, zapcore.DebugLevel), zapcore.NewNopCore()),
	} {
		fates := make([]base.Fate, 2)
		_, err := base.Offer(core, batchNamed(t, "a", "b"), false, fates)
		require.Contains(t, err.Error(), "at Error")
		require.NotContains(t, fates, base.Delivered)
	}
}

// What a core says of many records is said once.
func TestOfferSaysAnErrorOnce(t *testing.T) {
	closed, err := base.NewHandler(base.HandlerConfig{Name: "test", Encoder: jsonEncoder(), Emitter: &lineEmitter{}})
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	names := make([]string, 1000)
	_, err = base.Offer(zapcore.NewTee(closed, closed), batchNamed(t, names...), false, make([]base.Fate, len(names)))
	require.ErrorContains(t, err, "closed")
	require.Less(t, len(err.Error()), 100)
}
