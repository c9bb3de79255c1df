package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"example.com/zaphandlers/netcore"
	"example.com/zaphandlers/writesyncers"
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/zap/zapcore"
)

// outlet is a destination of a durable run. Its files stay from one start to the next.
type outlet struct {
	name   string
	folder string // in that of the run, and the cursor's name
	glob   string // of what arrived
	core   zapcore.Core
	start  func(o *outlet, dir string) error
	ends   []func() error // what closes it, in this order
}

// outlets are the destinations.
func outlets() []*outlet {
	return []*outlet{
		{name: "engine → rotating file", folder: "file", start: (*outlet).openFile},
		{name: "engine → TCP server → file", folder: "tcp", start: (*outlet).openServer},
	}
}

func (o *outlet) open(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	o.glob = filepath.Join(dir, "app.log*")
	if err := cutTorn(filepath.Join(dir, "app.log")); err != nil {
		return err
	}
	return o.start(o, dir)
}

func (o *outlet) close() (err error) {
	for _, end := range o.ends {
		err = errors.Join(err, end())
	}
	return err
}

func (o *outlet) openFile(dir string) error {
	file, _, err := openRotating(dir)
	if err != nil {
		return err
	}
	o.core = base.FromWriter(newEncoder(), file, nil)
	o.ends = append(o.ends, file.Close)
	return nil
}

func (o *outlet) openServer(dir string) error {
	file, err := writesyncers.NewFile(writesyncers.FileConfig{Path: filepath.Join(dir, "app.log")})
	if err != nil {
		return err
	}
	server, err := netcore.NewServer(netcore.ServerConfig{
		Address: "localhost:0", Format: netcore.FormatRecords, Target: base.FromWriter(newEncoder(), file, nil), Ack: true, MaxFrame: 2 * maxRecord,
	})
	if err != nil {
		return errors.Join(err, file.Close())
	}
	go func() { _ = server.Serve() }()
	shutdown := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		return server.Shutdown(ctx)
	}
	core, err := netcore.New(netcore.Config{Address: server.Addr().String(), Formatter: netcore.Records(), Ack: true})
	if err != nil {
		return errors.Join(err, shutdown(), file.Close())
	}
	o.core = confirmed{core}
	o.ends = append(o.ends, core.Close, shutdown, file.Close)
	return nil
}

// confirmed is a core whose batches count as delivered only when the server has confirmed them: until then what a connection with Ack has
// sent is only in this process, and the engine must keep it.
type confirmed struct{ *netcore.Core }

func (c confirmed) WriteBatch(batch *base.Batch) (int, error) {
	n, err := c.Core.WriteBatch(batch)
	if err != nil {
		return n, err
	}
	if err := c.Sync(); err != nil {
		return 0, &base.RetryError{Err: err}
	}
	return n, nil
}

// cutTorn cuts off a line that a killed process has left unfinished: its batch is delivered again.
func cutTorn(path string) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if whole := bytes.LastIndexByte(b, '\n') + 1; whole < len(b) {
		return os.Truncate(path, int64(whole))
	}
	return nil
}
