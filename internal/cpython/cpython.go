package cpython

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/peers"
)

//go:embed run.mjs
var runner string

//go:embed wires.py
var wires string

// Interpreter is one CPython.
type Interpreter struct {
	Version string // "3.13.2"
	Minor   int    // 13
	WASM    bool   // without sockets

	path string // of the executable, or of the folder that pyodide is installed in
}

// Program is a Python program with its arguments and input.
type Program struct {
	Source  string
	Args    []string
	Stdin   []byte
	Folders []string // folders of the host that it may read and write
}

// Each runs a test under each available CPython, in a subtest of its own. If the WebAssembly ones are missing, a subtest is skipped with
// the reason.
func Each(t *testing.T, test func(t *testing.T, py Interpreter)) {
	t.Run("native", func(t *testing.T) { test(t, Native(t)) })
	EachNewest(t, test)
}

// EachNewest runs a test under each CPython that runs as WebAssembly.
func EachNewest(t *testing.T, test func(t *testing.T, py Interpreter)) {
	var homes []string
	t.Run("WebAssembly", func(t *testing.T) { homes = peers.Pyodide(t) })
	for _, home := range homes {
		t.Run("pyodide "+filepath.Base(home), func(t *testing.T) {
			var lock struct{ Info struct{ Python string } }
			text, err := os.ReadFile(filepath.Join(home, "node_modules", "pyodide", "pyodide-lock.json"))
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(text, &lock))
			test(t, newInterpreter(t, home, lock.Info.Python, true))
		})
	}
}

// Native returns the machine's CPython.
func Native(t testing.TB) Interpreter {
	t.Helper()
	path := peers.Python(t, "")
	out, err := exec.Command(path, "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])").Output()
	require.NoError(t, err)
	return newInterpreter(t, path, strings.TrimSpace(string(out)), false)
}

func newInterpreter(t testing.TB, path, version string, wasm bool) Interpreter {
	py := Interpreter{Version: version, WASM: wasm, path: path}
	_, err := fmt.Sscanf(version, "3.%d.", &py.Minor)
	require.NoError(t, err)
	return py
}

// Run runs a program and returns its standard output. The test fails if the program fails, or writes to its standard error.
func (p Interpreter) Run(t testing.TB, program Program) []byte {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(dir, "program.py")
	require.NoError(t, os.WriteFile(source, []byte(program.Source), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "wires.py"), []byte(wires), 0o600))
	if p.WASM {
		return p.runWASM(t, program, dir)
	}
	cmd := exec.CommandContext(t.Context(), p.path, append([]string{source}, program.Args...)...)
	cmd.Stdin = bytes.NewReader(program.Stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	require.Empty(t, stderr.String())
	return out
}

// runWASM runs the program that lies in dir.
func (p Interpreter) runWASM(t testing.TB, program Program, dir string) []byte {
	t.Helper()
	path := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.WriteFile(path("run.mjs"), []byte(runner), 0o600))
	require.NoError(t, os.WriteFile(path("stdin"), program.Stdin, 0o600))
	folders := strings.Join(append(slices.Clone(program.Folders), dir), "\n")
	args := append([]string{path("run.mjs"), p.path, folders, dir}, program.Args...)
	said, err := exec.CommandContext(t.Context(), peers.Program(t, "node"), args...).CombinedOutput()
	stderr, _ := os.ReadFile(path("stderr"))
	require.NoError(t, err, "%s%s", stderr, said)
	require.Empty(t, string(stderr))
	out, err := os.ReadFile(path("stdout"))
	require.NoError(t, err)
	return out
}
