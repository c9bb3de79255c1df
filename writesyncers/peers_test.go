package writesyncers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/peers"
)

// cpython is a Python interpreter.
type cpython struct {
	path  string
	minor int // of 3.minor
}

func python(t testing.TB) cpython {
	t.Helper()
	py := cpython{path: peers.Python(t, "")}
	out, err := exec.Command(py.path, "-c", "import sys; print(sys.version_info[1])").Output()
	require.NoError(t, err)
	_, err = fmt.Sscan(string(out), &py.minor)
	require.NoError(t, err)
	return py
}

// run runs a script with in as JSON on its standard input, and reads out as JSON from its standard output.
func (p cpython) run(t testing.TB, script string, in, out any, env ...string) {
	t.Helper()
	cmd := exec.Command(p.path, "-c", script)
	cmd.Env = append(os.Environ(), env...)
	stdin, err := json.Marshal(in)
	require.NoError(t, err)
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(stdout, out))
}
