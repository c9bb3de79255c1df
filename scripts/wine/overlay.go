package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
)

// os.RemoveAll, and with it the end of every t.TempDir, asks Windows to delete files in a way that wine 8.0 does not know, and
// does not understand its answer. The standard library can do without, and has a switch for its own tests, which no other program
// can reach. So the tests are built with a standard library in which the switch is on.
const (
	switchOff = "\nvar TestDeleteatFallback bool\n"
	switchOn  = "\nvar TestDeleteatFallback = true\n"
)

// overlay writes the changed file, and what go build -overlay wants, into dir. It returns the arguments for the go command:
// none if this version of Go has no such switch.
func overlay(dir string) ([]string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	original := filepath.Join(string(bytes.TrimSpace(root)), "src", "internal", "syscall", "windows", "at_windows.go")
	source, err := os.ReadFile(original)
	if err != nil || !bytes.Contains(source, []byte(switchOff)) {
		return nil, nil
	}
	changed, list := filepath.Join(dir, "at_windows.go"), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(changed, bytes.Replace(source, []byte(switchOff), []byte(switchOn), 1), 0o644); err != nil {
		return nil, err
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return nil, err
	}
	return []string{"-overlay", list}, os.WriteFile(list, text, 0o644)
}
