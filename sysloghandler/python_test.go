package sysloghandler

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/peers"
	"example.com/zaphandlers/internal/sockets"
)

// asked is what the script asks of Python's SysLogHandler.
type asked struct {
	Facility  string
	Ident     string
	AppendNUL bool `json:"append_nul"`
	Level     int
	Message   string
	PRI       int
}

// zapLevels are zap's for Python's; one that Python's mapPriority does not know has none in zap either.
var zapLevels = map[int]zapcore.Level{
	10: zapcore.DebugLevel, 20: zapcore.InfoLevel, 30: zapcore.WarnLevel, 40: zapcore.ErrorLevel, 50: zapcore.DPanicLevel, 25: -5,
}

// TestSameBytesAsPython has the real SysLogHandler and ours send the same records, and compares the datagrams.
func TestSameBytesAsPython(t *testing.T) {
	python := peers.Python(t, "")
	for _, network := range []string{"udp", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			address, received := datagrams(t, network)
			cmd := exec.Command(python, "testdata/sysloghandler.py", network, address)
			stdin, err := cmd.StdinPipe()
			require.NoError(t, err)
			stdout, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
			lines := bufio.NewScanner(stdout)

			require.True(t, lines.Scan())
			var names struct {
				Facilities map[string]Facility
				Priorities map[string]Priority
			}
			require.NoError(t, json.Unmarshal(lines.Bytes(), &names))
			require.Equal(t, names.Facilities, facilityNames, "facility names")
			require.Equal(t, names.Priorities, priorityNames, "priority names")

			compared := 0
			for ; lines.Scan(); compared++ {
				var a asked
				require.NoError(t, json.Unmarshal(lines.Bytes(), &a))
				want := sockets.Receive(t, received)
				compareWithPython(t, a, network, address, want, received)
				_, err := io.WriteString(stdin, "\n")
				require.NoError(t, err)
			}
			require.Equal(t, len(facilityNames)*3*2*6, compared)
			require.NoError(t, stdin.Close())
		})
	}
}

func compareWithPython(t *testing.T, a asked, network, address, want string, received <-chan string) {
	t.Helper()
	core, err := New(Config{Format: Python, Network: network, Address: address, Facility: a.Facility, Ident: a.Ident,
		OmitNUL: !a.AppendNUL, OnError: never(t)})
	require.NoError(t, err)
	defer func() { require.NoError(t, core.Close()) }()
	level := zapLevels[a.Level]
	require.NoError(t, core.Write(zapcore.Entry{Level: level, Message: a.Message}, nil))
	require.Equal(t, want, sockets.Receive(t, received), "%+v", a)
	require.Equal(t, a.PRI, EncodePriority(facilityNames[a.Facility], mapPriority(level)), "%+v", a)
	require.Equal(t, fmt.Sprintf("<%d>", a.PRI), want[:len(fmt.Sprint(a.PRI))+2])
}
