package main

import (
	"context"
	"net"
	"path/filepath"
	"time"

	"example.com/zaphandlers/netcore"
	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/writesyncers"
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
)

// socket is a queue in front of a TCP connection. The server is one of the program's own: then frames are signed and
// acknowledged, and it writes what comes to a file.
//
//	logger ─► queue ─► Core ── records ──► loopback ──► Server ─► received.log
//	                        ◄── confirmed ──
//
// Or it is the one of -tcp, which gets a JSON object a line; what the kernel took for it is kept in a file too.
type socket struct {
	addr string // of the server; "" for one of its own

	queue  *queuecore.Core
	core   *netcore.Core
	server *netcore.Server
	file   *writesyncers.File
	path   string
}

func (d *socket) open(dir string) (zapcore.Core, error) {
	d.path = filepath.Join(dir, "received.log")
	var err error
	if d.file, err = writesyncers.NewFile(writesyncers.FileConfig{Path: d.path}); err != nil {
		return nil, err
	}
	if err := d.connect(); err != nil {
		return nil, multierr.Append(err, d.close())
	}
	return d.queue, nil
}

// connect makes what leads to the server, and the server.
func (d *socket) connect() (err error) {
	cfg := netcore.Config{Address: d.addr, Encoder: newEncoder(), Dial: d.dial}
	if d.addr == "" {
		if cfg, err = d.serve(); err != nil {
			return err
		}
	}
	if d.core, err = netcore.New(cfg); err != nil {
		return err
	}
	d.queue, err = queuecore.New(queuecore.Config{Targets: queuecore.Targets(d.core)})
	return err
}

// serve starts the server, and returns how to reach it.
func (d *socket) serve() (cfg netcore.Config, err error) {
	key := []byte("known to both sides only")
	d.server, err = netcore.NewServer(netcore.ServerConfig{
		Address:  "localhost:0",
		Format:   netcore.FormatRecords,
		Target:   base.FromWriter(newEncoder(), d.file, nil),
		Ack:      true,
		Key:      key,
		MaxFrame: 2 * maxRecord, // nothing is to be skipped
	})
	if err != nil {
		return cfg, err
	}
	go func() { _ = d.server.Serve() }()
	return netcore.Config{
		Address:   d.server.Addr().String(),
		Formatter: netcore.Records(),
		Ack:       true,
		Key:       key,
	}, nil
}

// dial opens a connection that keeps what is sent.
func (d *socket) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return recordingConn{conn, d.file}, nil
}

// recordingConn writes to a file what the kernel has taken.
type recordingConn struct {
	net.Conn
	file *writesyncers.File
}

func (c recordingConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	_, fileErr := c.file.Write(b[:n])
	return n, multierr.Append(err, fileErr)
}

// close empties the queue into the connection, waits until the server has confirmed everything, and stops the server.
func (d *socket) close() (err error) {
	if d.queue != nil {
		err = d.queue.Close()
	}
	if d.core != nil {
		err = multierr.Append(err, d.core.Close())
	}
	if d.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err = multierr.Append(err, d.server.Shutdown(ctx))
	}
	return multierr.Append(err, d.file.Close())
}

func (d *socket) stats() base.Stats { return d.queue.Stats() }

func (d *socket) readBack(t *tally) error { return t.readFiles(d.path) }
