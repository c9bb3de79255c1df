package net

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/fluent/fluent-logger-golang/fluent"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/internal/sockets"
)

// rivals are the other clients, each as its documentation says, with the same text and fields but without zap.
func rivals(network string) []suite.Row {
	if network == "udp" {
		return []suite.Row{
			{Name: "Python DatagramHandler", N: 20_000, Run: python("DatagramHandler", "udp")},
		}
	}
	return []suite.Row{
		{Name: "fluent-logger", Run: fluently(false)},
		{Name: "fluent-logger, Async", Run: fluently(true)},
		{Name: "Python SocketHandler", N: 20_000, Run: python("SocketHandler", "tcp")},
	}
}

func extras(prefix string) map[string]any {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range fields() {
		f.Key = prefix + f.Key
		f.AddTo(enc)
	}
	return enc.Fields
}

// fluently posts each record; with async the time is that until all have left.
func fluently(async bool) func(b *testing.B) error {
	return func(b *testing.B) error {
		address, err := sockets.Sink(b, "tcp")
		if err != nil {
			return err
		}
		f, data, err := newFluent(fluent.Config{Async: async}, address)
		if err != nil {
			return err
		}
		b.ResetTimer()
		for range b.N {
			if err := f.Post("bench", data); err != nil {
				return err
			}
		}
		err = f.Close()
		b.StopTimer()
		return err
	}
}

func hostPort(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	port, err = strconv.Atoi(text)
	return host, port, err
}

const program = `
import logging, logging.handlers, sys, time
handler, host, port, n = sys.argv[1:]
log = logging.getLogger("bench"); log.setLevel(1); log.propagate = False
log.addHandler(getattr(logging.handlers, handler)(host, int(port)))
extra = dict(method="GET", path="/orders/8273648", status=200, took=0.0015, user="u-827364", cached=False, trace="4bf92f3577b34da6a3ce929d0e0e4736")
log.info("connects", extra=extra)
start = time.perf_counter()
for i in range(int(n)): log.info("GET /orders/8273648 200 in a moment", extra=extra)
print((time.perf_counter() - start) / int(n) * 1e9)
`

// python has one of Python's handlers send b.N records and reports its own clock.
func python(handler, network string) func(b *testing.B) error {
	return func(b *testing.B) error {
		address, err := sockets.Sink(b, network)
		if err != nil {
			return err
		}
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		out, err := exec.Command("python3", "-c", program, handler, host, port, strconv.Itoa(b.N)).Output()
		if errors.Is(err, exec.ErrNotFound) {
			return fmt.Errorf("%w: %w", suite.ErrLeftOut, err)
		}
		if err != nil {
			return err
		}
		ns, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
		b.ReportMetric(ns, "ns/op")
		return err
	}
}
