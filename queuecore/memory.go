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

// Memory is an engine that holds records in memory: the reference for what an engine does, and the one that connects a
// NewHandler and NewListeners in one program. It is not on the hot path of a Write, and is simple instead of fast.
type Memory struct {
	limit int

	mu       sync.Mutex // guards the fields below
	tapes    [][]byte   // tapes[0] has the number first
	first    uint64
	bytes    int
	cursors  map[string]uint64 // the last number that each has acknowledged
	appended chan struct{}     // closed when something was appended, or the queue
	closed   bool
}

var _ Queue = (*Memory)(nil)

// errMemoryFull asks for patience until a reader has made room.
var errMemoryFull = errors.New("queuecore: the memory engine is full")

// NewMemory returns an engine that holds up to maxBytes of tapes; 0 means no bound. A record is held until each cursor that
// has ever been used has acknowledged it; as long as there is none, all are.
func NewMemory(maxBytes int) *Memory {
	if maxBytes <= 0 {
		maxBytes = math.MaxInt
	}
	return &Memory{limit: maxBytes, first: 1, cursors: make(map[string]uint64), appended: make(chan struct{})}
}

// Append implements Queue. A queue that is full returns a *RetryError.
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

// readRecords is how many records a Read gives at most.
const readRecords = 1024

// Read implements Queue.
func (m *Memory) Read(ctx context.Context, cursor string, batch *base.Batch) (uint64, error) {
	for {
		ended := ctx.Err() // before the look: what came before the end is read
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

// take adds what is there to batch, and returns what to wait for if that is nothing.
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

// cursorLocked returns the place of a cursor, which it makes known.
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

// Forget has nothing held any more for a cursor whose target is gone, or has another name now. One that is in use would begin anew with the
// oldest record that there is. One that is not known is no error.
func (m *Memory) Forget(cursor string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return fmt.Errorf("queuecore: %w", ErrClosed)
	}
	delete(m.cursors, cursor)
	if len(m.cursors) > 0 { // else nobody has been there yet, and all are held
		m.releaseLocked()
	}
	return nil
}

// releaseLocked lets go of what every cursor has acknowledged.
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
