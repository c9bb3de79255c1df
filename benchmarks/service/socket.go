package main

import (
	"context"
	"path/filepath"
	"time"

	"example.com/zaphandlers/netcore"
	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/writesyncers"
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
)

// socket is a queue in front of a TCP connection, with acknowledgements and signed frames, to a server that writes what comes to
// a file. The server would be another machine; here it is in the same process.
//
//	logger ─► queue ─► Core ── records ──► loopback ──► Server ─► file
//	                        ◄── confirmed ──
type socket struct {
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

// connect starts the server, and what leads to it.
func (d *socket) connect() (err error) {
	key := []byte("known to both sides only")
	d.server, err = netcore.NewServer(netcore.ServerConfig{
		Address: "localhost:0",
		Format:  netcore.FormatRecords,
		Target:  base.FromWriter(newEncoder(), d.file, nil),
		Ack:     true,
		Key:     key,
	})
	if err != nil {
		return err
	}
	go func() { _ = d.server.Serve() }()
	d.core, err = netcore.New(netcore.Config{
		Address:   d.server.Addr().String(),
		Formatter: netcore.Records(),
		Ack:       true,
		Key:       key,
	})
	if err != nil {
		return err
	}
	d.queue, err = queuecore.New(queuecore.Config{Targets: queuecore.Targets(d.core)})
	return err
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
