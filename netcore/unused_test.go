package netcore

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// What would have no effect is refused, by the name of the field.
func TestSettingsWithoutEffectAreRefused(t *testing.T) {
	forward := Forward(ForwardConfig{Tag: "x"})
	for _, test := range []struct {
		cfg  Config
		want string // "" if it is taken
	}{
		{Config{Network: "udp", Framing: Newline}, "Config.Framing Newline is for streams: datagrams are Unframed"},
		{Config{Network: "udp", Framing: OctetCounting}, "Config.Framing"},
		{Config{Network: "udp", Framing: Unframed, Formatter: Pickle()}, "Config.Framing Unframed is for streams: datagrams are LengthPrefix"},
		{Config{Network: "udp", Framing: LengthPrefix, Formatter: Pickle()}, ""},
		{Config{Network: "udp", Framing: Unframed}, ""},
		{Config{Network: "udp", Framing: Newline, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errFake }}, ""},
		{Config{Network: "unixgram", Address: "/x", Framing: NUL}, "Config.Framing"},
		{Config{Timeout: 5}, "Config.Timeout is 5ns, less than 100µs: a bare number counts nanoseconds; write time.Second"},
		{Config{RetryStart: 5}, "Config.RetryStart is 5ns"},
		{Config{RetryFactor: 0.5}, "Config.RetryFactor is 0.5"},
		{Config{Window: 1000}, "Config.Window is for Ack"},
		{Config{Ack: true, Window: 1000}, ""},
		{Config{Truncate: true}, "Config.Truncate needs a MaxSize"},
		{Config{Truncate: true, Network: "udp"}, ""},
		{Config{Truncate: true, Ack: true}, ""},
		{Config{Truncate: true, MaxSize: 100}, ""},
		{Config{Formatter: forward, Framing: Newline}, "Config.Framing does not go with Forward"},
		{Config{Formatter: Forward(ForwardConfig{Tag: "x", Host: "h"})}, "ForwardConfig.Host is for a handshake"},
		{Config{Formatter: Forward(ForwardConfig{Tag: "x", Password: "p"})}, "ForwardConfig.Password is for a handshake"},
		{Config{Formatter: GELF(GELFConfig{ChunkSize: 100})}, "GELFConfig.ChunkSize is for datagrams"},
	} {
		if test.cfg.Address == "" {
			test.cfg.Address = "x:1"
		}
		core, err := New(test.cfg)
		if test.want == "" {
			require.NoError(t, err)
			require.NoError(t, core.Close())
			continue
		}
		require.ErrorContains(t, err, "netcore: "+test.want)
	}
	for _, test := range []struct {
		cfg  EmitterConfig
		want string
	}{
		{EmitterConfig{RELP: true, Framing: OctetCounting}, "Config.Framing OctetCounting does not go with RELP"},
		{EmitterConfig{Forward: &ForwardConfig{Tag: "x"}, Framing: LengthPrefix}, "Config.Framing LengthPrefix does not go with Forward"},
		{EmitterConfig{Network: "udp", Framing: Newline}, "Config.Framing Newline is for streams"},
		{EmitterConfig{DatagramFraming: LengthPrefix}, "Config.DatagramFraming LengthPrefix is for datagrams"},
		{EmitterConfig{Window: 1}, "Config.Window is for Ack"},
		{EmitterConfig{Ack: true, Framing: LengthPrefix, WindowFrames: 1}, "Config.WindowFrames 1 is for RELP"},
	} {
		test.cfg.Address, test.cfg.Report = "x:1", base.NewReporter("test", ignore)
		_, err := NewEmitter(test.cfg)
		require.ErrorContains(t, err, "netcore: "+test.want)
	}
	for _, test := range []struct {
		cfg  ServerConfig
		want string
	}{
		{ServerConfig{SocketMode: 0o660}, "SocketMode is for unix sockets"},
		{ServerConfig{Network: "udp", MaxConns: 1}, "MaxConns is for streams"},
		{ServerConfig{Network: "udp", MaxMemory: 1}, "MaxMemory is for streams"},
		{ServerConfig{Network: "udp", IdleTimeout: time.Second}, "IdleTimeout is for streams"},
		{ServerConfig{Network: "udp", TLS: new(tls.Config)}, "TLS needs a stream"},
		{ServerConfig{TLS: new(tls.Config)}, "TLS.Certificates is required"},
	} {
		test.cfg.Address, test.cfg.Format, test.cfg.Target = "localhost:0", FormatRecords, zapcore.NewNopCore()
		_, err := NewServer(test.cfg)
		require.ErrorContains(t, err, "netcore: ServerConfig."+test.want)
	}
}
