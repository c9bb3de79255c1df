package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"

	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// remote is a queue in front of a core that sends to a receiver inside this program. The receiver decodes what arrives, with a decoder
// that is not ours if there is one, and writes the records to a file.
//
//	logger ─► queue ─► core ── the wire ──► receiver ─► received.log
type remote struct {
	start func(keep func(*record) error) (link, error)

	link  link
	queue *queuecore.Core
	mu    sync.Mutex // guards the fields below
	file  *os.File
	out   *bufio.Writer
}

// link is both ends of a wire.
type link struct {
	core interface {
		zapcore.Core
		Close() error
	}
	stop func() error // ends the receiver when it has read everything
}

func (d *remote) open(dir string) (zapcore.Core, error) {
	var err error
	if d.file, err = os.Create(filepath.Join(dir, "received.log")); err != nil {
		return nil, err
	}
	d.out = bufio.NewWriterSize(d.file, 1<<16)
	if d.link, err = d.start(d.keep); err != nil {
		d.link.core = nil
	} else {
		d.queue, err = queuecore.New(queuecore.Config{Targets: queuecore.Targets(d.link.core)})
	}
	if err != nil {
		return nil, multierr.Append(err, d.close())
	}
	return d.queue, nil
}

// keep writes a record that has arrived to the file. It is safe for concurrent use.
func (d *remote) keep(r *record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err = d.out.Write(append(line, '\n'))
	return err
}

// close empties the queue into the core, and waits until the receiver has read to its end.
func (d *remote) close() (err error) {
	if d.queue != nil {
		err = d.queue.Close()
	}
	if d.link.core != nil {
		err = multierr.Append(err, d.link.core.Close())
	}
	if d.link.stop != nil {
		err = multierr.Append(err, d.link.stop())
	}
	return multierr.Combine(err, d.out.Flush(), d.file.Close())
}

func (d *remote) stats() base.Stats { return d.queue.Stats() }

func (d *remote) readBack(t *tally) error { return t.readFile(d.file.Name()) }

// serve listens on a loopback port, and handles each connection until it ends. stop returns the first error.
func serve(handle func(net.Conn) error) (addr string, stop func() error, err error) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return "", nil, err
	}
	var serving sync.WaitGroup
	failures := make(chan error, 1)
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer func() { _ = conn.Close() }()
				if err := handle(conn); err != nil && !errors.Is(err, io.EOF) {
					select {
					case failures <- err:
					default:
					}
				}
			})
		}
	})
	return listener.Addr().String(), func() error {
		err := listener.Close()
		serving.Wait()
		select {
		case failure := <-failures:
			return multierr.Append(err, failure)
		default:
			return err
		}
	}, nil
}
