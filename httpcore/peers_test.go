package httpcore_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// peer returns the path of a program that a test talks to. Where there is none the test is skipped, or fails if
// ZAPHANDLERS_PEERS is "required".
func peer(t *testing.T, name string, find func() (string, error)) string {
	t.Helper()
	path, err := find()
	if err == nil {
		return path
	}
	if os.Getenv("ZAPHANDLERS_PEERS") == "required" {
		t.Fatalf("no %s: %v", name, err)
	}
	t.Skipf("no %s: %v", name, err)
	return ""
}

// findPython prefers 3.13, whose records the package copies.
func findPython() (string, error) {
	candidates := []string{"python3.13", "python3"}
	if root, err := exec.Command("pyenv", "root").Output(); err == nil {
		found, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "versions", "3.13*", "bin", "python3"))
		candidates = append(found, candidates...)
	}
	for _, c := range candidates {
		if exec.Command(c, "-c", "import logging.handlers").Run() == nil {
			return c, nil
		}
	}
	return "", errors.New("python3 is not installed, or does not run")
}

func findNginx() (string, error) { return exec.LookPath("nginx") }
