package sysloghandler

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/netcore"
)

func TestConfigErrorsNameTheField(t *testing.T) {
	for _, test := range []struct {
		cfg  Config
		want string
	}{
		{Config{Facility: "users"}, `Config.Facility "users" is unknown: there are "user", "daemon", "local0" and more, see ParseFacility`},
		{Config{Facility: 16}, `Config.Facility must be a name, "local0", or a constant, sysloghandler.Local0, and is of type int`},
		{Config{Format: 9}, `Config.Format Format(9) is unknown`},
		{Config{Network: "tls"}, `Config.Network "tls" is unknown: there are udp, tcp, relp, unixgram, unix, local and journal, and TLS is a field`},
		{Config{Network: "unix"}, `Config.Address is required`},
		{Config{Network: "unixgram"}, `Config.Address is required`},
		{Config{Network: "local", Address: "/dev/log"}, `Config.Address "/dev/log" is not for Network "local", which finds it`},
		{Config{Network: "local", TLS: new(tls.Config)}, `Config.TLS is not for Network "local"`},
		{Config{Network: "local", Dial: func(context.Context, string, string) (net.Conn, error) { return nil, nil }}, `Config.Dial is not for Network "local"`},
		{Config{Network: "udp", TLS: new(tls.Config)}, `Config.TLS needs a stream, not "udp"`},
		{Config{Network: "tcp", Framing: netcore.LengthPrefix}, `Config.Framing LengthPrefix is none of syslog's`},
		{Config{Network: "tcp", Framing: 99}, `Config.Framing Framing(99) is unknown`},
		{Config{Framing: OctetCounting}, `Config.Framing OctetCounting needs a stream`},
		{Config{Network: "relp", Framing: OctetCounting}, `Config.Framing OctetCounting is not for Network "relp", which has its own`},
		{Config{FieldsID: "meta"}, `Config.FieldsID "meta" is an element of RFC 5424's own, which a message may have beside the fields'`},
		{Config{FieldsID: "origin", Origin: new(Origin)}, `Config.FieldsID "origin" is an element of RFC 5424's own, which a message may have beside the fields'`},
		{Config{FieldsID: "a b"}, `Config.FieldsID "a b" is no SD-ID: up to 32 printable characters but = [ ] and "`},
		{Config{FieldsID: strings.Repeat("x", 33)}, `Config.FieldsID "` + strings.Repeat("x", 33) + `" is no SD-ID: up to 32 printable characters but = [ ] and "`},
		{Config{SequenceID: true, Format: RFC3164}, `Config.SequenceID needs Format RFC5424, not RFC3164`},
		{Config{SequenceID: true, Network: "local"}, `Config.SequenceID needs Format RFC5424, not RFC3164`},
		{Config{MaxSize: 70000}, `Config.MaxSize 70000 is more than a datagram holds, 65507`},
		{Config{Hostname: "h", AppName: "a", ProcID: "1", MaxSize: 200}, `Config.MaxSize 200 is too small: the header needs 294`},
		{Config{Hostname: "h", AppName: "a", ProcID: "1", Ident: strings.Repeat("x", 1500)}, `Config.MaxSize 2048 is too small: the header and Ident need 2294`},
		{Config{Hostname: "h", AppName: "a", ProcID: "1", Format: RFC3164, Ident: strings.Repeat("\t", 800)}, `Config.MaxSize 2048 is too small: the header and Ident need 2342`},
		{Config{Format: Python, Ident: strings.Repeat("x", 9000), Network: "unix", Address: "s"}, `Config.MaxSize 8096 is too small: the header and Ident need 12178`},
		{Config{Format: Python, MaxSize: -1}, `Config.MaxSize -1 is too small: the header needs 177`},
		{Config{Timeout: -1}, `Config.Timeout -1ns is negative`},
		{Config{RetryStart: -1}, `Config.RetryStart is -1ns; write time.Second, or 0 for the default`},
	} {
		t.Run(test.want, func(t *testing.T) {
			_, err := New(test.cfg)
			require.EqualError(t, err, "sysloghandler: "+test.want)
		})
	}
}

func TestDefaults(t *testing.T) {
	for _, test := range []struct {
		name, network, address string
		cfg                    Config
		format                 Format
		framing                Framing
		size                   int
	}{
		{"nothing", "udp", "localhost:514", Config{}, RFC5424, OctetCounting, 2048},
		{"TCP", "tcp", "localhost:514", Config{Network: "tcp"}, RFC5424, OctetCounting, 8096},
		{"TLS", "tcp", "localhost:6514", Config{TLS: new(tls.Config)}, RFC5424, OctetCounting, 8096},
		{"a unix stream", "unix", "s", Config{Network: "unix", Address: "s"}, RFC5424, Newline, 8096},
		{"the local daemon", "local", "daemon", Config{Network: "local"}, RFC3164, Newline, 8096},
		{"the local daemon, for one that reads RFC 5424", "local", "daemon", Config{Network: "local", Format: RFC5424}, RFC5424, Newline, 8096},
		{"Python's form over TCP", "tcp", "localhost:514", Config{Network: "tcp", Format: Python}, Python, NUL, 8096},
		{"Python's form over TCP without NUL", "tcp", "localhost:514", Config{Network: "tcp", Format: Python, OmitNUL: true}, Python, Newline, 8096},
		{"what is said", "tcp", "h:1", Config{Network: "tcp", Address: "h:1", Framing: NUL, MaxSize: 1000, Format: RFC3164}, RFC3164, NUL, 1000},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg, facility, err := test.cfg.withDefaults()
			require.NoError(t, err)
			assert.Equal(t, test.network, cfg.Network)
			assert.Equal(t, test.address, cfg.Address)
			assert.Equal(t, test.format, cfg.Format)
			assert.Equal(t, test.framing, cfg.Framing)
			assert.Equal(t, test.size, cfg.MaxSize)
			assert.Equal(t, User, facility)
			assert.Equal(t, strconv.Itoa(os.Getpid()), cfg.ProcID)
			assert.Equal(t, filepath.Base(os.Args[0]), cfg.AppName)
		})
	}
}

// transport is a way to a receiver that the test runs.
type transport struct {
	name string
	open func(t testing.TB) (Config, <-chan string)
}

func overDatagrams(network string) transport {
	return transport{network, func(t testing.TB) (Config, <-chan string) {
		address, received := datagrams(t, network)
		return Config{Network: network, Address: address}, received
	}}
}

func overStream(network string, framing Framing, split bufio.SplitFunc) transport {
	return transport{fmt.Sprintf("%s %v", network, framing), func(t testing.TB) (Config, <-chan string) {
		address, received := streams(t, network, split)
		return Config{Network: network, Address: address, Framing: framing}, received
	}}
}

func ways() []transport {
	return []transport{
		overDatagrams("udp"),
		overDatagrams("unixgram"),
		overStream("tcp", OctetCounting, counted),
		overStream("tcp", Newline, markedBy('\n')),
		overStream("tcp", NUL, markedBy(0)),
		overStream("unix", Newline, markedBy('\n')),
	}
}

func TestEachTransport(t *testing.T) {
	for _, way := range ways() {
		t.Run(way.name, func(t *testing.T) {
			cfg, received := way.open(t)
			cfg.SequenceID, cfg.OnError = true, never(t)
			log := logger(t, cfg)
			for i := range 10 {
				log.Info("message\nof two lines", zap.Int("i", i))
			}
			for i := range 10 {
				m, err := parse(sockets.Receive(t, received))
				require.NoError(t, err)
				assert.Contains(t, []string{"message\nof two lines", `message\nof two lines`}, m.text)
				assert.Equal(t, []string{strconv.Itoa(i)}, m.param("fields@32473", "i"))
				assert.Equal(t, []string{strconv.Itoa(i + 1)}, m.param("meta", "sequenceId"))
			}
			require.Equal(t, Stats{Accepted: 10, Delivered: 10}, log.Core().(*Core).Stats())
		})
	}
}

func TestLocalFindsTheDaemon(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	conn, err := net.ListenPacket("unixgram", path("gram"))
	if err != nil {
		t.Skip("no unix datagrams here:", err)
	}
	grams := readDatagrams(t, conn)
	stream, lines := streams(t, "unix", markedBy('\n'))
	require.NoError(t, os.WriteFile(path("file"), nil, 0o600))

	find := func(sockets ...string) *Core {
		return newCore(t, Config{Network: "local", OnError: ignore, sockets: sockets})
	}
	require.NoError(t, find(path("none"), path("gram"), stream).Write(entry("one"), nil))
	assert.Contains(t, sockets.Receive(t, grams), "one", "the first that is there")
	require.NoError(t, find(path("none"), path("file"), stream, path("gram")).Write(entry("two\nlines\x00"), nil))
	assert.Contains(t, sockets.Receive(t, lines), `two\nlines\x00`, "a stream where there are no datagrams, and framed")

	err = find(path("none"), path("nowhere")).Write(entry("three"), nil)
	require.EqualError(t, err, "sysloghandler: dial local daemon: no daemon listens at "+path("none")+", "+path("nowhere"))
	assert.ErrorContains(t, find(path("file")).Write(entry("four"), nil), "sysloghandler: dial local daemon: ")
}

// TestASocketMadeAgain: a daemon that restarts removes its socket and makes a new one.
func TestASocketMadeAgain(t *testing.T) {
	path := sockets.Path(t)
	first, err := net.ListenPacket("unixgram", path)
	if err != nil {
		t.Skip("no unix datagrams here:", err)
	}
	core := newCore(t, Config{Network: "local", Timeout: soon, RetryStart: time.Microsecond, OnError: ignore, sockets: []string{path}})
	require.NoError(t, core.Write(entry("before"), nil))
	require.NoError(t, first.Close())
	require.NoError(t, os.RemoveAll(path))
	require.Error(t, core.Write(entry("while it is gone"), nil), "nobody is there, and Write says so")

	second, err := net.ListenPacket("unixgram", path)
	require.NoError(t, err)
	received := readDatagrams(t, second)
	require.NoError(t, core.Write(entry("after"), nil))
	assert.Contains(t, sockets.Receive(t, received), "after")
	require.Equal(t, Stats{Accepted: 2, Delivered: 2, Refused: 1}, core.Stats())
}

// TestEveryGapIsALostRecord: what was refused, for whatever reason, is missing among the numbers; what a batch's holder will try
// again is not.
func TestEveryGapIsALostRecord(t *testing.T) {
	address, received := streams(t, "tcp", counted)
	up := false
	core := newCore(t, Config{Network: "tcp", Address: address, SequenceID: true, RetryStart: time.Microsecond, OnError: ignore,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if !up {
				return nil, errors.New("down")
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		}})
	number := func() string {
		m, err := parse(sockets.Receive(t, received))
		require.NoError(t, err)
		return m.param("meta", "sequenceId")[0]
	}
	require.Error(t, core.Write(entry("lost"), nil))
	require.Error(t, core.Write(entry("lost"), nil))
	batch := batchOf(t, "a", "b", "c")
	n, err := core.WriteBatch(batch)
	require.Error(t, err)
	require.Zero(t, n)
	up = true
	for start := time.Now(); !time.Now().After(start); { // until the backoff is over: some systems' clocks are coarse
		runtime.Gosched()
	}
	require.NoError(t, core.Write(entry("first that arrives"), nil))
	require.Equal(t, "3", number())
	_, err = core.WriteBatch(batch)
	require.NoError(t, err)
	require.Equal(t, "4 5 6", number()+" "+number()+" "+number())
}

// TestARecordRefusedByABackoffIsAGapToo, although the emitter never sees it.
func TestARecordRefusedByABackoffIsAGapToo(t *testing.T) {
	address, received := streams(t, "tcp", counted)
	up := false
	core := newCore(t, Config{Network: "tcp", Address: address, SequenceID: true, RetryStart: time.Hour, RetryMax: time.Hour, OnError: ignore,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if !up {
				return nil, errors.New("down")
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		}})
	for range 5 {
		require.Error(t, core.Write(entry("lost"), nil))
	}
	up = true
	fatal := entry("tried in spite of the backoff")
	fatal.Level = zapcore.FatalLevel
	require.NoError(t, core.Write(fatal, nil))
	assert.Contains(t, sockets.Receive(t, received), `[meta sequenceId="6"]`)
}

func TestNumbersBeginAgain(t *testing.T) {
	assert.Equal(t, int64(1), after(0))
	assert.Equal(t, int64(2147483647), after(2147483646))
	assert.Equal(t, int64(1), after(2147483647), "RFC 5424 section 7.3.1")
}

func TestWritesAfterClose(t *testing.T) {
	core := newCore(t, Config{})
	require.NoError(t, core.Close())
	require.ErrorIs(t, core.Write(entry("m"), nil), os.ErrClosed)
	require.ErrorIs(t, core.Write(entry("m"), nil), ErrClosed)
}
