package sysloghandler

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// missing ends a test whose peer is not on this machine: it is skipped, or fails where peers are required.
func missing(t testing.TB, peer string) {
	t.Helper()
	if os.Getenv("ZAPHANDLERS_PEERS") == "required" {
		t.Fatalf("%s is not on this machine, and ZAPHANDLERS_PEERS=required", peer)
	}
	t.Skipf("%s is not on this machine", peer)
}

// findProgram returns the path of a program.
func findProgram(t testing.TB, name string) string {
	t.Helper()
	for _, path := range []string{name, filepath.Join("/usr/sbin", name)} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	missing(t, name)
	return ""
}

// findPython returns a Python 3, 3.13 if there is one.
func findPython(t testing.TB) string {
	t.Helper()
	candidates := []string{"python3.13", "python3"}
	if root, err := exec.Command("pyenv", "root").Output(); err == nil {
		found, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "versions", "3.13*", "bin", "python3"))
		candidates = append(found, candidates...)
	}
	for _, c := range candidates {
		if exec.Command(c, "-c", "import logging.handlers").Run() == nil {
			return c
		}
	}
	missing(t, "python3")
	return ""
}
