package writesyncers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// needPeer skips a test for the lack of a program it talks to, or fails it where peers are required.
func needPeer(t testing.TB, name string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("ZAPHANDLERS_PEERS") == "required" {
		require.NoError(t, err, "%s is required", name)
	}
	t.Skipf("needs %s: %v", name, err)
}

// cpython is a Python interpreter: the newest the machine has.
type cpython struct {
	path  string
	minor int // of 3.minor
}

func python(t testing.TB) cpython {
	t.Helper()
	candidates := []string{"python3.14", "python3.13"}
	if root, err := exec.Command("pyenv", "root").Output(); err == nil {
		found, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "versions", "3.1[34]*", "bin", "python3"))
		candidates = append(candidates, found...)
	}
	best := cpython{}
	var err error
	for _, path := range append(candidates, "python3") {
		var out []byte
		if out, err = exec.Command(path, "-c", "import sys; print(sys.version_info[1])").Output(); err == nil {
			best.path = path
			_, err = fmt.Sscan(string(out), &best.minor)
			break
		}
	}
	needPeer(t, "python3", err)
	return best
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
