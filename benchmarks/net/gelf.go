package net

import (
	"testing"

	"gopkg.in/Graylog2/go-gelf.v2/gelf"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/benchmarks/wire"
	"example.com/zaphandlers/netcore"
)

// gelfRows are GELF beside go-gelf, over UDP as it is by default there, compressed, and as it is here, not.
func gelfRows(network string, ours func(netcore.Config) wire.Opener) []suite.Row {
	plain := ours(netcore.Config{Formatter: netcore.GELF(netcore.GELFConfig{})})
	if network == "tcp" {
		return []suite.Row{
			{Name: "netcore, GELF", Run: wire.Alone("tcp", plain)},
			{Name: "go-gelf", Run: wire.Alone("tcp", openGELF(gelf.CompressNone))},
			{Name: "netcore, GELF and go-gelf in turns", Run: wire.InTurns("tcp", plain, openGELF(gelf.CompressNone))},
		}
	}
	zipped := ours(netcore.Config{Formatter: netcore.GELF(netcore.GELFConfig{Compression: "gzip"})})
	return []suite.Row{
		{Name: "netcore, GELF", Run: wire.Alone("udp", plain)},
		{Name: "netcore, GELF, gzip", N: 10_000, Run: wire.Alone("udp", zipped)},
		{Name: "go-gelf", Run: wire.Alone("udp", openGELF(gelf.CompressNone))},
		{Name: "go-gelf, gzip", N: 500, Run: wire.Alone("udp", openGELF(gelf.CompressGzip))},
		{Name: "netcore, GELF and go-gelf in turns", Run: wire.InTurns("udp", plain, openGELF(gelf.CompressNone))},
	}
}

// openGELF writes a message a call.
func openGELF(compression gelf.CompressType) wire.Opener {
	return func(b *testing.B, network, address string) (func() error, error) {
		m := &gelf.Message{Version: "1.1", Host: "bench", Short: message, TimeUnix: 1.7e9, Level: 6, Extra: extras("_")}
		if network == "tcp" {
			w, err := gelf.NewTCPWriter(address)
			if err != nil {
				return nil, err
			}
			b.Cleanup(func() { _ = w.Close() })
			return func() error { return w.WriteMessage(m) }, nil
		}
		w, err := gelf.NewUDPWriter(address)
		if err != nil {
			return nil, err
		}
		w.CompressionType = compression
		b.Cleanup(func() { _ = w.Close() })
		return func() error { return w.WriteMessage(m) }, nil
	}
}
