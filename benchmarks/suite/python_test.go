package suite

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func pythonRow(program string) Suite {
	run := func(b *testing.B) error { return Python(b, program) }
	return Suite{Name: "Area", Tables: []Table{{"t", 3, []Row{{Name: "x", Run: run}}}}}
}

func TestPythonSaysHowLongItTook(t *testing.T) {
	var out, notes strings.Builder
	require.NoError(t, pythonRow("print(1000 * n)").Run(&out, &notes, 1, nil))
	if notes.Len() > 0 {
		t.Skip(notes.String())
	}
	results, err := Read(strings.NewReader(out.String()), "test")
	require.NoError(t, err)
	assert.Equal(t, []float64{3000}, results["Area/t/x"]["ns/op"])
}

func TestPythonThatFails(t *testing.T) {
	for program, says := range map[string]string{"raise ValueError('no server')": "no server", "print('quick')": `"quick\n", no number`} {
		var out, notes strings.Builder
		err := pythonRow(program).Run(&out, &notes, 1, nil)
		if notes.Len() > 0 {
			t.Skip(notes.String())
		}
		require.ErrorContains(t, err, says)
		assert.False(t, errors.Is(err, ErrLeftOut))
	}
}

func TestPythonThatIsMissingIsLeftOut(t *testing.T) {
	t.Setenv("PATH", "")
	var out, notes strings.Builder
	require.NoError(t, pythonRow("print(1)").Run(&out, &notes, 1, nil))
	assert.Empty(t, out.String())
	assert.Contains(t, notes.String(), "python3")
}
