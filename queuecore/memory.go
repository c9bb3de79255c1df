package queuecore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	base "example.com/zaphandlers/zapcore"
)

// Memory is an engine that holds records in memory. It connects a NewHandler with NewListeners in one program, and shows what an engine
// does. No Write waits for it, so it is simple rather than fast.
type Memory struct {
	limit int

	mu       sync.Mutex // guards the fields below
	tapes    [][]byte
	first    uint64            // number of tapes[0]
	bytes    int               // of tapes
	cursors  map[string]uint64 // the last number that each has acknowledged
	appended chan struct{}     // closed, and replaced, when records are appended or the queue is closed
	closed   bool
}

var _ Queue = (*Memory)(nil)

// errMemoryFull is returned until readers have made room.
var errMemoryFull = errors.New("queuecore: the memory engine is full")

// NewMemory returns an engine that holds up to maxBytes of tapes; 0 means no bound. It holds a record until every known cursor
// has acknowledged it, and all records while no cursor is known. Read and Ack make a cursor known, Forget removes it.
func NewMemory(maxBytes int) *Memory {
	if maxBytes <= 0 {
		maxBytes = math.MaxInt
	}
	return &Memory{limit: maxBytes, first: 1, cursors: make(map[string]uint64), appended: make(chan struct{})}
}

// Append implements Queue. A full engine returns a *RetryError; an empty one takes any batch.
func (m *Memory) Append(batch *base.Batch) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return 0, fmt.Errorf("queuecore: %w", ErrClosed)
	}
	size := 0
	for i := range batch.Len() {
		size += len(batch.Tape(i))
	}
	if size > 0 && m.bytes > 0 && size > m.limit-m.bytes {
		return 0, &base.RetryError{Err: errMemoryFull}
	}
	for i := range batch.Len() {
		m.tapes = append(m.tapes, slices.Clone(batch.Tape(i)))
	}
	m.bytes += size
	if batch.Len() > 0 {
		m.wakeLocked()
	}
	return m.lastLocked(), nil
}

func (m *Memory) lastLocked() uint64 { return m.first + uint64(len(m.tapes)) - 1 }

func (m *Memory) wakeLocked() {
	close(m.appended)
	m.appended = make(chan struct{})
}

// readRecords is how many records a Read returns at most.
const readRecords = 1024

// Read implements Queue.
func (m *Memory) Read(ctx context.Context, cursor string, batch *base.Batch) (uint64, error) {
	for {
		ended := ctx.Err() // before reading: records that came before the end are returned
		last, appended, err := m.take(cursor, batch)
		if err != nil || batch.Len() > 0 {
			return last, err
		}
		if ended != nil {
			return 0, ended
		}
		select {
		case <-appended:
		case <-ctx.Done():
		}
	}
}

// take adds the next records to batch, and returns the channel to wait for if there are none.
func (m *Memory) take(cursor string, batch *base.Batch) (last uint64, appended <-chan struct{}, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return 0, nil, fmt.Errorf("queuecore: %w", ErrClosed)
	}
	acked := m.cursorLocked(cursor)
	from := int(acked + 1 - m.first)
	to := min(from+readRecords, len(m.tapes))
	for _, tape := range m.tapes[from:to] {
		batch.Add(tape)
	}
	return acked + uint64(to-from), m.appended, nil
}

// cursorLocked returns the number that a cursor has acknowledged. It makes a new cursor known.
func (m *Memory) cursorLocked(name string) (acked uint64) {
	acked, known := m.cursors[name]
	if !known {
		acked = m.first - 1
		m.cursors[name] = acked
	}
	return acked
}

// Ack implements Queue.
func (m *Memory) Ack(cursor string, number uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return fmt.Errorf("queuecore: %w", ErrClosed)
	}
	acked := m.cursorLocked(cursor)
	switch {
	case number > m.lastLocked():
		return fmt.Errorf("queuecore: cursor %q acknowledges record %d of %d", cursor, number, m.lastLocked())
	case number <= acked:
		return nil
	}
	m.cursors[cursor] = number
	m.releaseLocked()
	return nil
}

// Forget removes a cursor whose target is gone or renamed, so that no records are held for it. A cursor in use would start again with
// the oldest record. An unknown cursor is no error.
func (m *Memory) Forget(cursor string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return fmt.Errorf("queuecore: %w", ErrClosed)
	}
	delete(m.cursors, cursor)
	if len(m.cursors) > 0 { // without a cursor all records are held
		m.releaseLocked()
	}
	return nil
}

// releaseLocked removes the records that every cursor has acknowledged.
func (m *Memory) releaseLocked() {
	done := uint64(math.MaxUint64)
	for _, acked := range m.cursors {
		done = min(done, acked)
	}
	for len(m.tapes) > 0 && m.first <= done {
		m.bytes -= len(m.tapes[0])
		m.tapes[0], m.tapes = nil, m.tapes[1:]
		m.first++
	}
}

// Close implements Queue.
func (m *Memory) Close(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	m.tapes, m.bytes = nil, 0
	m.wakeLocked()
	return nil
}
