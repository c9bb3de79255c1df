package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// patches are changes to the standard library of the tests: Go uses some calls of Windows that wine 8.0 does not have, and treats wine's
// answer as a failure. go build -overlay applies them, so the installed Go does not change. A patch whose text is not in this version of
// Go is skipped.
var patches = []struct {
	file, old, new string
}{
	// os.RemoveAll, and so the end of every t.TempDir, deletes files in a way that only Windows 10 and later have. It has another way,
	// and a switch for its own tests that no other program can set.
	{
		file: "src/internal/syscall/windows/at_windows.go",
		old:  "\nvar TestDeleteatFallback bool\n",
		new:  "\nvar TestDeleteatFallback = true\n",
	},
	// Every UDP socket is told not to report that a network is unreachable: https://go.dev/issue/68614.
	{
		file: "src/net/fd_windows.go",
		old:  "windows.SIO_UDP_NETRESET, (*byte)(unsafe.Pointer(&flag)), size, nil, 0, &ret, nil, 0)\n\t\tif err != nil {",
		new:  "windows.SIO_UDP_NETRESET, (*byte)(unsafe.Pointer(&flag)), size, nil, 0, &ret, nil, 0)\n\t\tif err != nil && err != syscall.Errno(10045) {",
	},
}

// overlay writes the patched files, and the list that go build -overlay wants, into dir. It returns the arguments for the go
// command.
func overlay(dir string) ([]string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	replace := make(map[string]string)
	for i, p := range patches {
		original := filepath.Join(string(bytes.TrimSpace(root)), p.file)
		source, err := os.ReadFile(original)
		if err != nil || !bytes.Contains(source, []byte(p.old)) {
			continue
		}
		patched := filepath.Join(dir, fmt.Sprintf("%d.go", i))
		if err := os.WriteFile(patched, bytes.Replace(source, []byte(p.old), []byte(p.new), 1), 0o644); err != nil {
			return nil, err
		}
		replace[original] = patched
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	list := filepath.Join(dir, "overlay.json")
	return []string{"-overlay", list}, os.WriteFile(list, text, 0o644)
}
