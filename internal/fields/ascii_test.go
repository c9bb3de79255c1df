package fields

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestIsASCII(t *testing.T) {
	for n := range 40 {
		text := strings.Repeat("a\x7f\x00z", 10)[:n]
		assert.True(t, IsASCII(text), "%q", text)
		for i := range n {
			other := text[:i] + "\x80" + text[i+1:]
			assert.False(t, IsASCII(other), "%q", other)
		}
	}
}
