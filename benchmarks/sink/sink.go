// Package sink is a peer for benchmarks: it reads what comes and forgets it.
package sink

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Open listens on network until b ends, and returns where. A connection that it accepted is read until it ends.
func Open(b *testing.B, network string) (address string, err error) {
	address = "127.0.0.1:0"
	switch network {
	case "unixgram", "unix":
		dir, err := os.MkdirTemp("", "sink") // shorter than b.TempDir: a socket's path must be
		if err != nil {
			return "", err
		}
		b.Cleanup(func() { _ = os.RemoveAll(dir) })
		address = filepath.Join(dir, "s")
	}
	if network == "udp" || network == "unixgram" {
		return packets(b, network, address)
	}
	return streams(b, network, address)
}

func packets(b *testing.B, network, address string) (string, error) {
	conn, err := net.ListenPacket(network, address)
	if err != nil {
		return "", err
	}
	var reading sync.WaitGroup
	reading.Go(func() { forget(conn.(net.Conn)) })
	b.Cleanup(func() { _ = conn.Close(); reading.Wait() })
	return conn.LocalAddr().String(), nil
}

func streams(b *testing.B, network, address string) (string, error) {
	l, err := net.Listen(network, address)
	if err != nil {
		return "", err
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go forget(conn)
		}
	}()
	b.Cleanup(func() { _ = l.Close() })
	return l.Addr().String(), nil
}

// forget reads as a server does that has much to read: up to 256 KiB at once.
func forget(conn io.ReadCloser) {
	defer conn.Close()
	buf := make([]byte, 256<<10)
	for {
		if _, err := conn.Read(buf); err != nil {
			return
		}
	}
}
