package cpython

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEach(t *testing.T) {
	const program = `
import os, sys, time
os.environ["TZ"] = "Europe/Berlin"
time.tzset()
with open(sys.argv[1] + "/file", "w") as f: f.write(sys.stdin.read())
sys.stdout.buffer.write(b"\xff" + str(time.localtime(1700000000).tm_hour).encode())
`
	Each(t, func(t *testing.T, py Interpreter) {
		dir := t.TempDir()
		out := py.Run(t, Program{Source: program, Args: []string{dir}, Stdin: []byte("ä"), Folders: []string{dir}})
		assert.Equal(t, "\xff23", string(out))
		text, err := os.ReadFile(filepath.Join(dir, "file"))
		require.NoError(t, err)
		assert.Equal(t, "ä", string(text))
		assert.GreaterOrEqual(t, py.Minor, 8)
	})
}
