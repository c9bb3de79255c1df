package queuecore

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// fakeBatchWriter is a BatchWriter that keeps messages and does what it is told.
type fakeBatchWriter struct {
	mu       sync.Mutex
	messages []string
	batches  []int                    // their sizes
	failures int                      // calls still to fail
	err      error                    // with this
	gate     chan struct{}            // if not nil, WriteBatch waits for it
	entered  chan struct{}            // if not nil, gets a value when WriteBatch begins
	each     func(*base.Record) error // decides on each record: an error ends the batch there
	syncs    int
}

func (f *fakeBatchWriter) fail(n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures, f.err = n, err
}

func (f *fakeBatchWriter) len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.messages)
}

func (f *fakeBatchWriter) all() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.messages...)
}

func (f *fakeBatchWriter) WriteBatch(b *base.Batch) (int, error) {
	if f.entered != nil {
		f.entered <- struct{}{}
	}
	if f.gate != nil {
		<-f.gate
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failures > 0 {
		f.failures--
		return 0, f.err
	}
	f.batches = append(f.batches, b.Len())
	var rejected *base.RejectedError
	for i := range b.Len() {
		if f.each != nil {
			err := f.each(b.At(i))
			if r, ok := err.(*base.RejectedError); ok {
				if rejected == nil {
					rejected = &base.RejectedError{Err: r.Err}
				}
				rejected.Indexes = append(rejected.Indexes, i)
				continue
			}
			if err != nil {
				return i, err
			}
		}
		f.messages = append(f.messages, strings.Clone(b.At(i).Entry().Message)) // it lies in the arena
	}
	if rejected != nil {
		return b.Len(), rejected
	}
	return b.Len(), nil
}

func (f *fakeBatchWriter) Enabled(zapcore.Level) bool                 { return true }
func (f *fakeBatchWriter) With([]zapcore.Field) zapcore.Core          { return f }
func (f *fakeBatchWriter) Write(zapcore.Entry, []zapcore.Field) error { panic("not a batch") }
func (f *fakeBatchWriter) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, f)
}
func (f *fakeBatchWriter) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.syncs++
	return nil
}

// texts collects what OnError is told.
type texts struct {
	mu  sync.Mutex // guards the field below
	all []string
}

func (t *texts) add(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, err.Error())
}

func (t *texts) list() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.all)
}

// readMessages reads what an engine holds.
func readMessages(t *testing.T, q Queue) (messages []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // what is there is read all the same
	for {
		var b base.Batch
		last, err := q.Read(ctx, "c", &b)
		if errors.Is(err, context.Canceled) {
			return messages
		}
		require.NoError(t, err)
		for i := range b.Len() {
			messages = append(messages, strings.Clone(strings.TrimRight(b.At(i).Entry().Message, "x"))) // which is the tape itself
		}
		require.NoError(t, q.Ack("c", last))
	}
}
