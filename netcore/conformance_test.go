package netcore

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/zapcore/coretest"
)

func TestConformance(t *testing.T) {
	for _, test := range []struct {
		name string
		cfg  Config
	}{
		{"lines", Config{}},
		{"records", Config{Formatter: Records()}},
		{"pickles", Config{Formatter: Pickle()}},
		{"GELF", Config{Formatter: GELF(GELFConfig{})}},
		{"Forward", Config{Formatter: Forward(ForwardConfig{Tag: "shop"})}},
		{"Forward, Ack", Config{Formatter: Forward(ForwardConfig{Tag: "shop"}), Ack: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			coretest.Run(t, coretest.Harness{
				New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
					cfg := test.cfg
					cfg.Address, cfg.Dial, cfg.Timeout = "destination:1", dst.Dial, dst.Deadline
					cfg.Level, cfg.OnError, cfg.RetryStart = opts.Level, opts.OnError, opts.RetryStart
					if cfg.Ack {
						cfg.Dial = acknowledging(dst.Dial)
					}
					core, err := New(cfg)
					require.NoError(t, err)
					return core
				},
			})
		})
	}
}

// acknowledging returns a Dial whose connections answer each message of Fluent Forward that they have taken, before Write returns: so none
// comes twice.
func acknowledging(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		from, to := io.Pipe()
		go func() {
			_, err := io.Copy(io.Discard, conn)
			_ = to.CloseWithError(cmp.Or(err, io.EOF))
		}()
		return &acknowledgingConn{Conn: conn, from: from, to: to}, nil
	}
}

type acknowledgingConn struct {
	net.Conn
	from *io.PipeReader
	to   *io.PipeWriter

	answer []byte
}

var chunkKey = []byte("\xa5chunk")

func (c *acknowledgingConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if at := bytes.LastIndex(b[:n], chunkKey); err == nil && at > 0 {
		c.answer = append(append(c.answer[:0], "\x81\xa3ack"...), b[at+len(chunkKey):]...)
		_, _ = c.to.Write(c.answer)
		_, _ = c.to.Write(nil) // returns when the reader is back, and has dealt with the answer
	}
	return n, err
}

func (c *acknowledgingConn) Read(b []byte) (int, error) { return c.from.Read(b) }

func (c *acknowledgingConn) Close() error {
	_ = c.to.CloseWithError(net.ErrClosed)
	return c.Conn.Close()
}
