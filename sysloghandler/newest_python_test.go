package sysloghandler

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/cpython"
)

// fakeSockets is put before testdata/sysloghandler.py, and printDatagrams behind it.
const (
	fakeSockets    = "import wires\nsockets = wires.datagrams()\n"
	printDatagrams = "\nimport base64\nprint(json.dumps([base64.b64encode(d).decode() for s in sockets for d in s.datagrams]))\n"
)

// TestSameBytesAsTheNewestPython is TestSameBytesAsPython with Pythons that have no sockets: what they would have sent is compared.
func TestSameBytesAsTheNewestPython(t *testing.T) {
	script, err := os.ReadFile("testdata/sysloghandler.py")
	require.NoError(t, err)
	cpython.EachNewest(t, func(t *testing.T, py cpython.Interpreter) {
		out := py.Run(t, cpython.Program{Source: fakeSockets + string(script) + printDatagrams, Args: []string{"udp", "127.0.0.1:514"}})
		lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
		var names struct {
			Facilities map[string]Facility
			Priorities map[string]Priority
		}
		require.NoError(t, json.Unmarshal(lines[0], &names))
		require.Equal(t, names.Facilities, facilityNames, "facility names")
		require.Equal(t, names.Priorities, priorityNames, "priority names")

		var sent [][]byte
		require.NoError(t, json.Unmarshal(lines[len(lines)-1], &sent))
		lines = lines[1 : len(lines)-1]
		require.Len(t, lines, len(facilityNames)*3*2*6)
		require.Len(t, sent, len(lines))
		address, received := datagrams(t, "udp")
		for i, line := range lines {
			var a asked
			require.NoError(t, json.Unmarshal(line, &a))
			compareWithPython(t, a, "udp", address, string(sent[i]), received)
		}
	})
}
