package writesyncers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	newest "example.com/zaphandlers/internal/cpython"
	"example.com/zaphandlers/internal/peers"
)

// cpython is a Python interpreter.
type cpython struct {
	path   string
	minor  int                 // of 3.minor
	newest *newest.Interpreter // it is this one, and has no path
}

// eachPython runs a test against the machine's CPython, and against each that runs as WebAssembly.
func eachPython(t *testing.T, test func(t *testing.T, py cpython)) {
	t.Run("native", func(t *testing.T) { test(t, python(t)) })
	newest.EachNewest(t, func(t *testing.T, py newest.Interpreter) { test(t, cpython{minor: py.Minor, newest: &py}) })
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
	stdin, err := json.Marshal(in)
	require.NoError(t, err)
	if p.newest != nil {
		program := newest.Program{Source: script, Stdin: stdin, Folders: []string{os.TempDir()}}
		require.NoError(t, json.Unmarshal(p.newest.Run(t, program), out))
		return
	}
	cmd := exec.Command(p.path, "-c", script)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(stdout, out))
}
