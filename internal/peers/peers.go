package peers

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Missing ends a test whose peer is missing: it skips or fails, as the package comment says.
func Missing(tb testing.TB, why string) {
	tb.Helper()
	if os.Getenv("ZAPHANDLERS_PEERS") == "required" {
		tb.Fatalf("%s, and ZAPHANDLERS_PEERS=required", why)
	}
	tb.Skip(why)
}

// Program returns the path of a program. It also looks in /usr/sbin, which only administrators have on their PATH.
func Program(tb testing.TB, name string) string {
	tb.Helper()
	for _, path := range []string{name, filepath.Join("/usr/sbin", name)} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	Missing(tb, name+" is not installed")
	return ""
}

// Python returns the first Python that can run these statements and import logging.handlers: the one that the environment variable
// names, then 3.13, whose behaviour is the model here, then any other.
func Python(tb testing.TB, variable string, statements ...string) string {
	tb.Helper()
	candidates := []string{os.Getenv(variable), "python3.13"}
	if root, err := exec.Command("pyenv", "root").Output(); err == nil {
		found, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "versions", "3.13*", "bin", "python3"))
		candidates = append(candidates, found...)
	}
	program := strings.Join(append(statements, "import logging.handlers"), "\n")
	for _, path := range append(candidates, "python3", "/usr/bin/python3") {
		if path != "" && exec.Command(path, "-c", program).Run() == nil {
			return path
		}
	}
	Missing(tb, "there is no python3 that runs: "+program)
	return ""
}

// Pyodide returns the folders with the installed versions of npm's package pyodide, which is CPython as WebAssembly: one folder for each
// version, the oldest first. They run under node.
func Pyodide(tb testing.TB) []string {
	tb.Helper()
	Program(tb, "node")
	found, _ := filepath.Glob(filepath.Join(os.Getenv("ZAPHANDLERS_PYODIDE"), "*", "node_modules", "pyodide", "pyodide.mjs"))
	if os.Getenv("ZAPHANDLERS_PYODIDE") == "" || len(found) == 0 {
		Missing(tb, "there is no pyodide: ZAPHANDLERS_PYODIDE names no folder of its versions")
		return nil
	}
	for i, path := range found {
		found[i] = filepath.Dir(filepath.Dir(filepath.Dir(path)))
	}
	return found
}
