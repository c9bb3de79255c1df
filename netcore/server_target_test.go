package netcore

import (
	"context"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"example.com/zaphandlers/internal/sockets"
)

func TestServerTargetThatFails(t *testing.T) {
	t.Run("costs the records, which are counted and reported", func(t *testing.T) {
		var log errorLog
		s := serve(t, ServerConfig{Format: FormatRecords, Target: &countingCore{fail: errFake}, OnError: log.add})
		_, err := dial(t, s).Write(append(frame("a"), frame("b")...))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return s.Stats().Dropped == 2 && log.contains(errFake.Error()) }, soon, tick)
		assert.Zero(t, s.Stats().Missing())
	})
	t.Run("is told of beside clients that send nonsense of every kind", func(t *testing.T) {
		var log errorLog
		s := serve(t, ServerConfig{Format: FormatPickle, Target: &countingCore{fail: errFake}, OnError: log.add})
		conn := dial(t, s)
		for i := range byte(2 * maxReports) { // kinds, each an opcode that there is none of
			_, err := conn.Write([]byte{0, 0, 0, 1, 0xf0 - i})
			require.NoError(t, err)
		}
		require.Eventually(t, func() bool { return s.Stats().Refused == 2*maxReports }, soon, tick)
		told := len(log.all())
		_, err := conn.Write(LengthPrefix.Append(nil, []byte("}.")))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return s.Stats().Dropped == 1 }, soon, tick)
		require.Eventually(t, func() bool { return log.contains(errFake.Error()) }, soon, tick, "%d others were told", told)
	})
	t.Run("by a panic does no more harm", func(t *testing.T) {
		var log errorLog
		s := serve(t, ServerConfig{Format: FormatRecords, Target: zapcore.NewCore(panicEncoder{plain()}, zapcore.AddSync(io.Discard), zapcore.DebugLevel), OnError: log.add})
		_, err := dial(t, s).Write(frame("a"))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return s.Stats().Dropped == 1 && log.contains("panicked") }, soon, tick)
	})
	t.Run("is asked for its level", func(t *testing.T) {
		target, logs := observer.New(zapcore.WarnLevel)
		s := serve(t, ServerConfig{Format: FormatRecords, Target: target})
		_, err := dial(t, s).Write(frame("info"))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return s.Stats().Skipped == 1 }, soon, tick)
		assert.Zero(t, logs.Len())
	})
}

type panicEncoder struct{ zapcore.Encoder }

func (p panicEncoder) Clone() zapcore.Encoder   { return p }
func (p panicEncoder) AddString(string, string) {}
func (p panicEncoder) EncodeEntry(zapcore.Entry, []zapcore.Field) (*buffer.Buffer, error) {
	panic("no")
}

func TestServerShutdownReadsWhatIsOnItsWay(t *testing.T) {
	target := &countingCore{}
	s := serve(t, ServerConfig{Format: FormatRecords, Target: target})
	conn := dial(t, s)
	const records = 5000
	var all []byte
	for range records {
		all = append(all, frame("x")...)
	}
	_, err := conn.Write(all)
	require.NoError(t, err)
	require.NoError(t, s.Shutdown(t.Context()))
	assert.Equal(t, records, target.count())
	_, err = net.Dial("tcp", s.Addr().String())
	require.Error(t, err)

	t.Run("on connections that nobody has accepted yet too", func(t *testing.T) {
		target := &countingCore{}
		s, err := NewServer(ServerConfig{Address: "127.0.0.1:0", Format: FormatRecords, Target: target, OnError: never(t)})
		require.NoError(t, err)
		for range 10 {
			_, err := dial(t, s).Write(frame("x"))
			require.NoError(t, err)
		}
		served := make(chan error, 1)
		go func() { served <- s.Serve() }()
		for s.Stats().Connections == 0 {
			<-time.After(tick)
		}
		require.NoError(t, s.Shutdown(t.Context()))
		require.NoError(t, sockets.Receive(t, served))
		assert.Equal(t, 10, target.count())
	})
	t.Run("but not for longer than its context", func(t *testing.T) {
		s := serve(t, ServerConfig{Format: FormatLines, Target: zapcore.NewNopCore(), OnError: ignore})
		conn := dial(t, s)
		go func() {
			for {
				if _, err := conn.Write([]byte("x\n")); err != nil {
					return
				}
			}
		}()
		require.Eventually(t, func() bool { return s.Stats().Accepted > 0 }, soon, tick)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, s.Shutdown(ctx), context.DeadlineExceeded)
	})
}

func TestServerUnixSocket(t *testing.T) {
	for _, network := range []string{"unix", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			path := sockets.Path(t)
			cfg := ServerConfig{Network: network, Address: path, Format: FormatRecords, Target: zapcore.NewNopCore(), OnError: never(t)}
			s := serve(t, cfg)
			info, err := os.Stat(path)
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
			_, err = NewServer(cfg)
			require.Error(t, err, "a socket in use is not taken")
			require.NoError(t, s.Close())
			assert.NoFileExists(t, path)
		})
		t.Run(network+" that was left behind", func(t *testing.T) {
			path := sockets.Path(t)
			if network == "unix" {
				l, err := net.ListenUnix(network, &net.UnixAddr{Name: path, Net: network})
				require.NoError(t, err)
				l.SetUnlinkOnClose(false)
				require.NoError(t, l.Close())
			} else {
				l, err := net.ListenPacket(network, path)
				require.NoError(t, err)
				require.NoError(t, l.Close())
			}
			serve(t, ServerConfig{Network: network, Address: path, SocketMode: 0o660, Format: FormatRecords, Target: zapcore.NewNopCore()})
			info, err := os.Stat(path)
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o660), info.Mode().Perm())
		})
	}
}

// unaskable is a target that panics when it is asked for its level, as one does whose zap.AtomicLevel nobody has made.
type unaskable struct{ countingCore }

func (*unaskable) Enabled(zapcore.Level) bool { panic("no level") }

// TestServerWhoseTargetHasALevelThatPanics: what is not asked for is given.
func TestServerWhoseTargetHasALevelThatPanics(t *testing.T) {
	var log errorLog
	target := new(unaskable)
	s := serve(t, ServerConfig{Format: FormatRecords, Target: target, OnError: log.add})
	_, err := dial(t, s).Write(frame("x"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return s.Stats().Delivered == 1 }, soon, tick)
	require.Equal(t, 1, target.count())
	require.True(t, log.contains("target: Enabled: panic"))
}
