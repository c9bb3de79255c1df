package zaphandlers_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/coretest"
)

// The handler of CONTRIBUTING.md: it sends lines of JSON over TCP, each behind its priority, as systemd reads them. In a package
// of its own its types would be Config, Core and so on, and each part a file.

// lineConfig makes a lineCore. Address is required.
type lineConfig struct {
	// Level decides which records are sent. Defaults to everything.
	Level zapcore.LevelEnabler
	// Address is the receiver's: "host:port". Required.
	Address string
	// Dial opens the connection. It must obey ctx, and must not log to this core. Defaults to a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Timeout bounds dialling, and each write, which may have to do with half of it. Defaults to 1 s.
	Timeout time.Duration
	// OnError is told what no caller waits for. Defaults to a line on stderr.
	OnError func(error)
}

func (c lineConfig) withDefaults() (lineConfig, error) {
	switch {
	case c.Address == "":
		return c, errors.New("linecore: Address is required")
	case c.Timeout < 0:
		return c, errors.New("linecore: Timeout is negative")
	case c.Timeout == 0:
		c.Timeout = time.Second
	}
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	return c, nil
}

// lineCore sends lines. Beside the methods of zapcore.Core it has Close, Stats and WriteBatch.
type lineCore struct{ *base.Handler }

// newLineCore returns a lineCore. An error names the field that is missing or wrong.
func newLineCore(cfg lineConfig) (*lineCore, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	handler, err := base.NewHandler(base.HandlerConfig{
		Name:      "linecore",
		Level:     cfg.Level,
		Formatter: lineFormatter{zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())},
		Emitter:   &lineEmitter{cfg: cfg},
		Report:    base.NewReporter("linecore", cfg.OnError),
	})
	if err != nil {
		return nil, err
	}
	return &lineCore{handler}, nil
}

// lineFormatter makes <PRIORITY>{"level":…} and a line end.
type lineFormatter struct{ encoder zapcore.Encoder }

// Append implements base.Formatter.
func (f lineFormatter) Append(dst []byte, r *base.Record) ([]byte, error) {
	line, err := r.Encode(f.encoder)
	if err != nil {
		return dst, err
	}
	defer line.Free()
	dst = append(dst, '<', priority(r.Level()), '>')
	return append(dst, line.Bytes()...), nil
}

// priority returns the digit of sd-daemon(3).
func priority(l zapcore.Level) byte {
	switch {
	case l > zapcore.ErrorLevel:
		return '2'
	case l == zapcore.ErrorLevel:
		return '3'
	case l == zapcore.WarnLevel:
		return '4'
	case l == zapcore.InfoLevel:
		return '6'
	}
	return '7'
}

// lineEmitter carries frames over one connection at a time.
type lineEmitter struct {
	cfg   lineConfig
	until time.Time // the write deadline of conn

	mu   sync.Mutex // guards the field below against Interrupt; everything else is the Handler's to call
	conn net.Conn   // nil: none
}

// Emit implements base.Emitter. A connection that took part of a frame is closed: what follows would be read as its end.
func (e *lineEmitter) Emit(_ zapcore.Entry, frame []byte) error {
	conn, err := e.connected()
	if err != nil {
		return &base.RetryError{Err: fmt.Errorf("linecore: %w", err)}
	}
	if now := time.Now(); e.until.Sub(now) < e.cfg.Timeout/2 { // not each time: it has a price
		e.until = now.Add(e.cfg.Timeout)
		_ = conn.SetWriteDeadline(e.until)
	}
	if _, err := conn.Write(frame); err != nil {
		_ = e.Close()
		return fmt.Errorf("linecore: %w", err)
	}
	return nil
}

func (e *lineEmitter) connected() (net.Conn, error) {
	if e.conn != nil {
		return e.conn, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), e.cfg.Timeout)
	defer cancel()
	conn, err := e.cfg.Dial(ctx, "tcp", e.cfg.Address)
	if err != nil {
		return nil, err
	}
	e.until = time.Time{}
	e.set(conn)
	return conn, nil
}

func (e *lineEmitter) set(conn net.Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.conn = conn
}

// Sync implements base.Emitter: the kernel has everything already.
func (e *lineEmitter) Sync() error { return nil }

// Close implements base.Emitter.
func (e *lineEmitter) Close() error {
	if e.conn == nil {
		return nil
	}
	err := e.conn.Close()
	e.set(nil)
	return err
}

// Interrupt implements base.Interrupter: Close does not wait for a receiver that reads nothing.
func (e *lineEmitter) Interrupt() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conn != nil {
		_ = e.conn.SetWriteDeadline(time.Now())
	}
}

func TestLineCore(t *testing.T) {
	coretest.Run(t, coretest.Harness{
		New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
			core, err := newLineCore(lineConfig{
				Address: "receiver:9020",
				Level:   opts.Level,
				OnError: opts.OnError,
				Dial:    dst.Dial,
				Timeout: dst.Deadline,
			})
			require.NoError(t, err)
			return core
		},
	})
}
