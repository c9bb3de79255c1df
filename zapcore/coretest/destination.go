package coretest

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// ErrFailing is the error of a failing Destination, unless Fail was called with another.
var ErrFailing = errors.New("coretest: the destination fails")

// Destination is the other end of a core under test. It is safe for concurrent use.
type Destination struct {
	// Deadline is how long an attempt at a stalled Destination may last.
	Deadline time.Duration

	mu      sync.Mutex // guards the fields below
	mode    mode
	err     error
	left    int           // frames until it fails, in mode failLater
	changed chan struct{} // closed when the mode changes
	got     []byte
	syncs   int
	conns   map[net.Conn]struct{} // the other ends of what Dial returned
	readers sync.WaitGroup
}

type mode int

const (
	healthy mode = iota
	failing
	failLater
	stalled
	short
)

func newDestination(deadline time.Duration) *Destination {
	return &Destination{Deadline: deadline, changed: make(chan struct{}), conns: make(map[net.Conn]struct{})}
}

func (d *Destination) set(m mode, err error, left int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mode, d.err, d.left = m, err, left
	close(d.changed)
	d.changed = make(chan struct{})
}

// Heal makes it take everything, as a new Destination does.
func (d *Destination) Heal() { d.set(healthy, nil, 0) }

// Fail makes it refuse everything with err; nil is ErrFailing. Open connections are closed.
func (d *Destination) Fail(err error) {
	if err == nil {
		err = ErrFailing
	}
	d.set(failing, err, 0)
	d.hangUp()
}

// FailAfter makes it take n more frames and then refuse with ErrFailing. Connections do not know frames: they refuse at once.
func (d *Destination) FailAfter(n int) { d.set(failLater, ErrFailing, n) }

// Stall makes it block: each attempt times out.
func (d *Destination) Stall() { d.set(stalled, nil, 0) }

// Short makes it take half of each write and return that length, without an error; only an Emitter, which has no length to return, gets
// one.
func (d *Destination) Short() { d.set(short, nil, 0) }

// Bytes returns a copy of everything that arrived.
func (d *Destination) Bytes() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]byte(nil), d.got...)
}

// Syncs returns how often Sync was called through Emitter or WriteSyncer. No case of the suite uses it, because not every core has
// something to sync: test yourself that your core syncs a Fatal record before Write returns.
func (d *Destination) Syncs() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.syncs
}

// take writes p. If the Destination stalls, it blocks until that changes, the Deadline passes, or interrupted is closed.
func (d *Destination) take(p []byte, interrupted <-chan struct{}) (int, error) {
	n, again, err := d.try(p)
	if again == nil {
		return n, err
	}
	deadline := time.NewTimer(d.Deadline)
	defer deadline.Stop()
	for ; again != nil; n, again, err = d.try(p) {
		select {
		case <-again:
		case <-interrupted:
			return 0, os.ErrDeadlineExceeded
		case <-deadline.C:
			return 0, os.ErrDeadlineExceeded
		}
	}
	return n, err
}

// try writes p, or returns a channel that is closed when it is worth trying again.
func (d *Destination) try(p []byte) (n int, again <-chan struct{}, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch d.mode {
	case failing:
		return 0, nil, d.err
	case failLater:
		if d.left == 0 {
			return 0, nil, d.err
		}
		d.left--
	case stalled:
		return 0, d.changed, nil
	case short:
		d.got = append(d.got, p[:len(p)/2]...)
		return len(p) / 2, nil, nil
	}
	d.got = append(d.got, p...)
	return len(p), nil, nil
}

func (d *Destination) sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.syncs++
	return nil
}

// reserve makes room for n bytes, so that taking them allocates nothing.
func (d *Destination) reserve(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.got = append(make([]byte, 0, n), d.got...)
}

// WriteSyncer returns the Destination as a file. Each Write is a frame.
func (d *Destination) WriteSyncer() zapcore.WriteSyncer { return writeSyncer{d} }

type writeSyncer struct{ d *Destination }

func (w writeSyncer) Write(p []byte) (int, error) { return w.d.take(p, nil) }
func (w writeSyncer) Sync() error                 { return w.d.sync() }

// Emitter returns the Destination as a Handler's Emitter, with the Deadline for each frame.
func (d *Destination) Emitter() base.Emitter {
	return &emitter{d: d, interrupted: make(chan struct{})}
}

type emitter struct {
	d           *Destination
	once        sync.Once
	interrupted chan struct{} // closed when Close is waiting
}

func (e *emitter) Emit(_ zapcore.Entry, frame []byte) error {
	n, err := e.d.take(frame, e.interrupted)
	if err == nil && n < len(frame) {
		err = errors.New("coretest: short write")
	}
	return err
}

func (e *emitter) Sync() error  { return e.d.sync() }
func (e *emitter) Close() error { return nil }
func (e *emitter) Interrupt()   { e.once.Do(func() { close(e.interrupted) }) }

// Dial returns a connection to the Destination, as a net.Dialer's DialContext does; network and address are ignored. It
// refuses while the Destination fails. A stalled Destination accepts and does not read.
func (d *Destination) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.mode == failing || d.mode == failLater {
		return nil, &net.OpError{Op: "dial", Net: network, Err: d.err}
	}
	ours, theirs := net.Pipe()
	d.conns[ours] = struct{}{}
	d.readers.Add(1)
	go d.read(ours)
	return theirs, nil
}

// read takes what comes over one connection, while the mode allows.
func (d *Destination) read(conn net.Conn) {
	defer d.readers.Done()
	buf := make([]byte, 64<<10)
	for {
		d.mu.Lock()
		changed, wait := d.changed, d.mode == stalled
		d.mu.Unlock()
		if wait {
			<-changed
			continue
		}
		n, err := conn.Read(buf)
		d.mu.Lock()
		d.got = append(d.got, buf[:n]...)
		d.mu.Unlock()
		if err != nil {
			conn.Close()
			return
		}
	}
}

func (d *Destination) hangUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for conn := range d.conns {
		conn.Close()
		delete(d.conns, conn)
	}
}

func (d *Destination) close() {
	d.hangUp()
	d.readers.Wait()
}
