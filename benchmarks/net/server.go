package net

import (
	"encoding/base64"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/netcore"
	base "example.com/zaphandlers/zapcore"
)

var key = []byte("a key that both sides know")

// servers are the formats that a Server reads.
var servers = []suite.Row{
	{Name: "records, forgotten", Run: served(netcore.Config{Formatter: netcore.Records()}, nil)},
	{Name: "records", Run: served(netcore.Config{Formatter: netcore.Records()},
		&netcore.ServerConfig{Format: netcore.FormatRecords})},
	{Name: "records, Ack", Run: served(netcore.Config{Formatter: netcore.Records(), Ack: true},
		&netcore.ServerConfig{Format: netcore.FormatRecords, Ack: true})},
	{Name: "records, Key", Run: served(netcore.Config{Formatter: netcore.Records(), Key: key},
		&netcore.ServerConfig{Format: netcore.FormatRecords, Key: key})},
	{Name: "pickles, forgotten", Run: served(netcore.Config{Formatter: netcore.Pickle()}, nil)},
	{Name: "pickles", Run: served(netcore.Config{Formatter: netcore.Pickle()},
		&netcore.ServerConfig{Format: netcore.FormatPickle})},
	{Name: "pickles of Python's", Run: served(netcore.Config{Formatter: fixed(fromPython)},
		&netcore.ServerConfig{Format: netcore.FormatPickle})},
	{Name: "pickles of Python's, by the receiver of its cookbook", N: 20_000, Run: toCookbook},
	{Name: "lines", Run: served(netcore.Config{}, &netcore.ServerConfig{Format: netcore.FormatLines})},
}

// fixed is a Formatter that makes the same frame of every record.
type fixed []byte

func (f fixed) Append(dst []byte, _ *base.Record) ([]byte, error) { return append(dst, f...), nil }

// fromPython is what Python's SocketHandler sends of such a record.
var fromPython, _ = base64.StdEncoding.DecodeString("" +
	"fXEAKFgEAAAAbmFtZXEBWAYAAABvcmRlcnNxAlgDAAAAbXNncQNYIwAAAEdFVCAvb3JkZXJzLzgyNzM2NDggMjAwIGluIGEgbW9tZW50cQRYBA" +
	"AAAGFyZ3NxBU5YCQAAAGxldmVsbmFtZXEGWAQAAABJTkZPcQdYBwAAAGxldmVsbm9xCEsUWAgAAABwYXRobmFtZXEJWBMAAAAvc3J2L3Nob3Av" +
	"b3JkZXJzLnB5cQpYCAAAAGZpbGVuYW1lcQtYCQAAAG9yZGVycy5weXEMWAYAAABtb2R1bGVxDVgGAAAAb3JkZXJzcQ5YCAAAAGV4Y19pbmZvcQ" +
	"9OWAgAAABleGNfdGV4dHEQTlgKAAAAc3RhY2tfaW5mb3ERTlgGAAAAbGluZW5vcRJLEVgIAAAAZnVuY05hbWVxE1gEAAAAdGFrZXEUWAcAAABj" +
	"cmVhdGVkcRVHQdrA9GNx98dYBQAAAG1zZWNzcRZHQIhgAAAAAABYDwAAAHJlbGF0aXZlQ3JlYXRlZHEXR0AVhkEAAAAAWAYAAAB0aHJlYWRxGE" +
	"wxMzk3MDk5NTk1MTUwMDhMClgKAAAAdGhyZWFkTmFtZXEZWAoAAABNYWluVGhyZWFkcRpYCwAAAHByb2Nlc3NOYW1lcRtYCwAAAE1haW5Qcm9j" +
	"ZXNzcRxYBwAAAHByb2Nlc3NxHU05UVgGAAAAbWV0aG9kcR5YAwAAAEdFVHEfWAQAAABwYXRocSBYDwAAAC9vcmRlcnMvODI3MzY0OHEhWAYAAA" +
	"BzdGF0dXNxIkvIWAQAAAB0b29rcSNHP1iTdLxqfvpYBAAAAHVzZXJxJFgIAAAAdS04MjczNjRxJVgGAAAAY2FjaGVkcSZJMDAKWAUAAAB0cmFj" +
	"ZXEnWCAAAAA0YmY5MmYzNTc3YjM0ZGE2YTNjZTkyOWQwZTBlNDczNnEodS4=")

// served sends records in batches to a Server in this process, and waits until all are in its target. With a nil server
// nobody looks at them.
func served(client netcore.Config, server *netcore.ServerConfig) func(b *testing.B) error {
	return func(b *testing.B) error {
		client, arrived := client, make(chan struct{})
		target := &counter{want: int64(b.N), arrived: arrived}
		if server == nil {
			close(arrived)
		} else {
			cfg := *server
			cfg.Address, cfg.Target, cfg.OnError = "127.0.0.1:0", target, func(err error) { b.Error(err) }
			s, err := netcore.NewServer(cfg)
			if err != nil {
				return err
			}
			go func() { _ = s.Serve() }()
			b.Cleanup(func() { _ = s.Close() })
			client.Address = s.Addr().String()
		}
		core, err := newCore(b, client)
		if err != nil {
			return err
		}
		batch, err := newBatch(min(b.N, 1000))
		if err != nil {
			return err
		}
		var last base.Batch
		b.ResetTimer()
		for left := b.N; left > 0; left -= batch.Len() {
			if left < batch.Len() {
				last.Slice(batch, 0, left)
				batch = &last
			}
			if _, err := core.WriteBatch(batch); err != nil {
				return err
			}
		}
		select {
		case <-arrived:
		case <-time.After(soon): // lost/op tells
		}
		b.StopTimer()
		if server != nil {
			b.ReportMetric(1-float64(target.n.Load())/float64(b.N), "lost/op")
		}
		return nil
	}
}

// newBatch returns a batch of n records of about 250 bytes.
func newBatch(n int) (*base.Batch, error) {
	batch := new(base.Batch)
	for range n {
		var r base.Record
		ent := zapcore.Entry{Level: zapcore.InfoLevel, Time: time.Now(), LoggerName: "orders", Message: message}
		if err := r.Capture(ent, base.Context{}, fields()); err != nil {
			return nil, err
		}
		batch.Add(r.Bytes())
	}
	return batch, nil
}

// counter is a BatchWriter that counts and forgets.
type counter struct {
	want    int64
	arrived chan struct{} // closed when there are as many as are wanted

	n atomic.Int64
}

func (c *counter) Enabled(zapcore.Level) bool                 { return true }
func (c *counter) With([]zapcore.Field) zapcore.Core          { return c }
func (c *counter) Write(zapcore.Entry, []zapcore.Field) error { return nil }
func (c *counter) Sync() error                                { return nil }
func (c *counter) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, c)
}

func (c *counter) WriteBatch(batch *base.Batch) (int, error) {
	if c.n.Add(int64(batch.Len())) == c.want {
		close(c.arrived)
	}
	return batch.Len(), nil
}
