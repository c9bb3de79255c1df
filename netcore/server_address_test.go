package netcore

import (
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"example.com/zaphandlers/internal/sockets"
)

// TestServerAtAnAbstractAddress holds that a name which is that of no file has nothing to do with one that is called so.
func TestServerAtAnAbstractAddress(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("Linux has such names")
	}
	for _, network := range []string{"unix", "unixgram"} {
		for _, there := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, a file of the name: %v", network, there), func(t *testing.T) {
				t.Chdir(t.TempDir())
				name := "@zaphandlers-" + rand.Text()
				var before os.FileInfo
				if there {
					require.NoError(t, os.WriteFile(name, nil, 0o644))
					var err error
					before, err = os.Stat(name)
					require.NoError(t, err)
				}
				s := serve(t, ServerConfig{Network: network, Address: name, Format: FormatLines, Target: zapcore.NewNopCore()})
				core := newCore(t, Config{Network: network, Address: name, Encoder: plain(), OnError: never(t)})
				require.NoError(t, core.Write(entry("arrives"), nil))
				require.Eventually(t, func() bool { return s.Stats().Accepted == 1 }, soon, tick)
				require.NoError(t, s.Close())
				if there {
					info, err := os.Stat(name)
					require.NoError(t, err)
					assert.Equal(t, before.Mode(), info.Mode())
				}
			})
		}
	}
	_, err := NewServer(ServerConfig{Network: "unix", Address: "@x", SocketMode: 0o660, Format: FormatLines, Target: zapcore.NewNopCore()})
	require.ErrorContains(t, err, `ServerConfig.SocketMode is for files, and "@x" is none`)
}

// TestASocketOfAnothersStays holds that a Server removes its own socket file, and not that of one which has taken its place, as where a
// directory was made anew.
func TestASocketOfAnothersStays(t *testing.T) {
	for _, network := range []string{"unix", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			dir := filepath.Join(filepath.Dir(sockets.Path(t)), "d")
			require.NoError(t, os.Mkdir(dir, 0o755))
			cfg := ServerConfig{Network: network, Address: filepath.Join(dir, "s"), Format: FormatLines, Target: zapcore.NewNopCore()}
			old := serve(t, cfg)
			core := newCore(t, Config{Network: network, Address: cfg.Address, Encoder: plain(), OnError: ignore, RetryStart: time.Millisecond})
			require.NoError(t, core.Write(entry("to the old one"), nil))
			require.Eventually(t, func() bool { return old.Stats().Accepted == 1 }, soon, tick)
			if err := os.RemoveAll(dir); err != nil {
				t.Skip("this system keeps the file of a socket that is open: ", err)
			}
			require.NoError(t, os.Mkdir(dir, 0o755))
			s := serve(t, cfg)
			require.NoError(t, old.Close())
			assert.FileExists(t, cfg.Address)
			require.Eventually(t, func() bool {
				return core.Write(entry("to the new one"), nil) == nil && s.Stats().Accepted > 0
			}, soon, tick)
			require.NoError(t, s.Close())
			assert.NoFileExists(t, cfg.Address)
		})
	}
}

// TestRelativePaths holds that the path of a socket is that of the working directory at construction.
func TestRelativePaths(t *testing.T) {
	for _, network := range []string{"unix", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			path := sockets.Path(t)
			t.Chdir(filepath.Dir(path))
			name := "./" + filepath.Base(path)
			s := serve(t, ServerConfig{Network: network, Address: name, Format: FormatLines, Target: zapcore.NewNopCore()})
			core := newCore(t, Config{Network: network, Address: name, Encoder: plain(), OnError: never(t)})
			t.Chdir(t.TempDir())
			require.NoError(t, os.WriteFile(name, nil, 0o644))
			require.NoError(t, core.Write(entry("arrives"), nil))
			require.Eventually(t, func() bool { return s.Stats().Accepted == 1 }, soon, tick)
			require.NoError(t, s.Close())
			assert.FileExists(t, name, "it is another's")
			assert.NoFileExists(t, path)
		})
	}
}

// TestALinesEndIsNoPartOfIt is what programs send that write lines into datagrams.
func TestALinesEndIsNoPartOfIt(t *testing.T) {
	target, records := observer.New(zapcore.DebugLevel)
	s := serve(t, ServerConfig{Network: "udp", Format: FormatLines, Target: target})
	conn, err := net.Dial("udp", s.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	for _, text := range []string{"one\n", "two\r\n", "three\r", "four\n\n", "fi\nve"} {
		_, err = conn.Write([]byte(text))
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return records.Len() == 5 }, soon, tick)
	var got []string
	for _, r := range records.All() {
		got = append(got, r.Message)
	}
	assert.Equal(t, []string{"one", "two", "three", "four\n", "fi\nve"}, got)
}

func TestServerSkipsADatagramThatItCannotRead(t *testing.T) {
	type refused struct{ send, want string }
	for _, test := range []struct {
		name string
		cfg  ServerConfig
		bad  []refused
		good string
	}{
		{"records over UDP", ServerConfig{Network: "udp", Format: FormatRecords, MaxFrame: 100}, []refused{
			{"", "from 127.0.0.1: "},
			{"abc", "record byte"},
			{strings.Repeat("x", 101), "a datagram is larger than MaxFrame"},
		}, string(frame("good")[4:])},
		{"pickles over UDP", ServerConfig{Network: "udp", Format: FormatPickle}, []refused{
			{"\x00\x00", "a datagram's length is not the one it says"},
			{"\x00\x00\x00\x03abcd", "a datagram's length is not the one it says"},
		}, string(LengthPrefix.Append(nil, []byte("}(X\x03\x00\x00\x00msgX\x04\x00\x00\x00goodu.")))},
		{"lines over a unix socket", ServerConfig{Network: "unixgram", Format: FormatLines, MaxFrame: 100}, []refused{
			{strings.Repeat("x", 101), "from a unix socket: a datagram is larger than MaxFrame"},
		}, "good"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.cfg.Network == "unixgram" && runtime.GOOS == "windows" {
				t.Skip("there are no datagrams over unix sockets")
			}
			target, logs := observer.New(zapcore.DebugLevel)
			var log errorLog
			test.cfg.Target, test.cfg.OnError = target, log.add
			s := serve(t, test.cfg)
			conn := dial(t, s)
			for i, bad := range test.bad {
				_, err := io.WriteString(conn, bad.send)
				require.NoError(t, err)
				require.Eventually(t, func() bool { return log.contains(bad.want) }, soon, tick, "%v", log.all())
				_, err = io.WriteString(conn, test.good)
				require.NoError(t, err)
				require.Eventually(t, func() bool { return logs.FilterMessage("good").Len() == i+1 }, soon, tick)
			}
			assert.Equal(t, uint64(len(test.bad)), s.Stats().Refused)
		})
	}
}
