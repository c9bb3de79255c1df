package fsys

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProbeLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	_, err := Probe(dir)
	require.NoError(t, err)
	assert.Empty(t, tree(t, dir))
	_, err = Probe(filepath.Join(dir, "gone"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}
