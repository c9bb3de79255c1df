package zapcore_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/multierr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// judge is an Emitter that judges each record of a batch by its message.
type judge struct{ took []string }

func (j *judge) Emit(zapcore.Entry, []byte) error { return errors.New("not by this way") }
func (j *judge) Sync() error                      { return nil }
func (j *judge) Close() error                     { return nil }

// EmitBatch stops at a record "down".
func (j *judge) EmitBatch(batch *base.Batch, frames *base.Frames) (int, error) {
	var rejected base.RejectedError
	var again base.RetryError
	var err error
	for i := range frames.Len() {
		switch message := batch.At(i).Entry().Message; message {
		case "bad":
			rejected.Indexes, rejected.Err = append(rejected.Indexes, i), errors.New("bad record")
		case "busy":
			again.Indexes, again.After, again.Err = append(again.Indexes, i), time.Minute, errors.New("busy")
		case "down":
			return i, multierr.Append(verdicts(&rejected, &again), errors.New("down"))
		default:
			j.took = append(j.took, message)
		}
	}
	return frames.Len(), multierr.Append(err, verdicts(&rejected, &again))
}

func verdicts(rejected *base.RejectedError, again *base.RetryError) (err error) {
	if rejected.Err != nil {
		err = multierr.Append(err, rejected)
	}
	if again.Err != nil {
		err = multierr.Append(err, again)
	}
	return err
}

// unformattable refuses to format a record "unformattable", and panics at "bomb".
type unformattable struct{}

func (unformattable) Append(dst []byte, r *base.Record) ([]byte, error) {
	switch r.Entry().Message {
	case "unformattable":
		return dst, errors.New("cannot be formatted")
	case "bomb":
		panic("bomb")
	}
	return append(dst, r.Entry().Message...), nil
}

// A panic of a hook that a Formatter calls costs the record, and not the program that logs.
func TestAFormatterThatPanics(t *testing.T) {
	h, err := base.NewHandler(base.HandlerConfig{Name: "test", Emitter: new(script), Formatter: unformattable{}})
	require.NoError(t, err)
	err = h.Write(zapcore.Entry{Message: "bomb"}, nil)
	require.EqualError(t, err, "test: the Formatter: panic: bomb")
	require.ErrorAs(t, err, new(*base.PanicError))
	require.NoError(t, h.Write(zapcore.Entry{Message: "a"}, nil))
	require.Equal(t, base.Stats{Accepted: 1, Delivered: 1, Refused: 1}, h.Stats())
}

// The same with a hook that zap's own encoder calls, once another goroutine does the encoding.
func TestAnEncoderThatPanicsInABatch(t *testing.T) {
	took := new(script)
	h, err := base.NewHandler(base.HandlerConfig{Name: "test", Emitter: took, Encoder: zapcore.NewConsoleEncoder(zapcore.EncoderConfig{
		MessageKey: "m", NameKey: "n", EncodeName: func(name string, enc zapcore.PrimitiveArrayEncoder) {
			if name == "bomb" {
				panic(name)
			}
		},
	})})
	require.NoError(t, err)
	var batch base.Batch
	for _, name := range []string{"a", "bomb", "b"} {
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Message: "m", LoggerName: name}, base.Context{}, nil))
		batch.Add(r.Bytes())
	}
	n, err := h.WriteBatch(&batch)
	require.Equal(t, 3, n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, []int{1}, rejected.Indexes)
	require.ErrorContains(t, err, "test: the Encoder: panic: bomb")
	require.Equal(t, base.Stats{Accepted: 2, Delivered: 2, Refused: 1}, h.Stats())
}

func TestWriteBatchJudgesEachRecord(t *testing.T) {
	tests := []struct {
		name      string
		messages  []string
		n         int
		rejected  []int
		again     []int
		retry     bool
		delivered uint64
	}{
		{"all taken", []string{"a", "b"}, 2, nil, nil, false, 2},
		{"one refused for good", []string{"a", "bad", "b"}, 3, []int{1}, nil, false, 2},
		{"one to be tried again", []string{"a", "busy", "b"}, 3, nil, []int{1}, true, 2},
		{"both kinds", []string{"busy", "bad", "a", "busy"}, 4, []int{1}, []int{0, 3}, true, 1},
		{"all to be tried again", []string{"busy", "busy"}, 2, nil, []int{0, 1}, true, 0},
		{"some to be tried again, then it is down", []string{"a", "busy", "b", "down", "c"}, 3, nil, []int{1}, true, 2},
		{"counted from the batch's first, behind one that cannot be formatted", []string{"a", "unformattable", "bad", "b"}, 4,
			[]int{1, 2}, nil, false, 2},
		{"one at which the Formatter panics", []string{"a", "bomb", "b"}, 3, []int{1}, nil, false, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := new(judge)
			h, err := base.NewHandler(base.HandlerConfig{Name: "test", Emitter: j, Formatter: unformattable{}})
			require.NoError(t, err)
			var batch base.Batch
			for _, message := range test.messages {
				var r base.Record
				require.NoError(t, r.Capture(zapcore.Entry{Message: message}, base.Context{}, []zapcore.Field{zap.Int("i", 1)}))
				batch.Add(r.Bytes())
			}
			n, err := h.WriteBatch(&batch)
			require.Equal(t, test.n, n)
			var rejected *base.RejectedError
			var again *base.RetryError
			require.Equal(t, test.rejected != nil, errors.As(err, &rejected), fmt.Sprint(err))
			if test.rejected != nil {
				require.Equal(t, test.rejected, rejected.Indexes)
			}
			require.Equal(t, test.retry, errors.As(err, &again), fmt.Sprint(err))
			if test.retry {
				require.Equal(t, test.again, again.Indexes)
				require.Equal(t, time.Minute, again.After)
			}
			require.Equal(t, base.Stats{Accepted: test.delivered, Delivered: test.delivered, Refused: uint64(len(test.rejected))}, h.Stats(),
				"a record that is to be tried again is the holder's: neither accepted nor refused")
			require.Len(t, j.took, int(test.delivered))
			if test.retry {
				_, err = h.WriteBatch(&batch)
				require.ErrorAs(t, err, &again, "a destination that was too busy for some is left alone for a while")
				require.Empty(t, again.Indexes)
			}
		})
	}
}

// joins is an Emitter that takes one record, refuses one and fails at the third, and says so in its way.
type joins struct {
	judge
	join func(...error) error
}

func (j *joins) EmitBatch(*base.Batch, *base.Frames) (int, error) {
	return 2, j.join(&base.RejectedError{Indexes: []int{1}, Err: errors.New("bad")}, errors.New("down"))
}

// Whichever way an Emitter joins what it says of a record and of its destination, the rest of the batch may be tried again.
func TestAnEmitterThatJoinsErrors(t *testing.T) {
	for name, join := range map[string]func(...error) error{
		"multierr": multierr.Combine, "errors.Join": errors.Join,
		"with words before": func(errs ...error) error { return fmt.Errorf("mine: %w", errors.Join(errs...)) },
	} {
		t.Run(name, func(t *testing.T) {
			h, err := base.NewHandler(base.HandlerConfig{Name: "test", Emitter: &joins{join: join}, Formatter: unformattable{}})
			require.NoError(t, err)
			outcomes := make([]base.Outcome, 4)
			rejection, err := base.Offer(h, batchNamed(t, "a", "b", "c", "d"), false, outcomes)
			require.ErrorContains(t, rejection, "bad")
			require.ErrorContains(t, err, "down")
			require.Equal(t, []base.Outcome{base.Delivered, base.Rejected, base.Kept, base.Kept}, outcomes)
			require.Equal(t, base.Stats{Accepted: 1, Delivered: 1, Refused: 1}, h.Stats())
		})
	}
}
