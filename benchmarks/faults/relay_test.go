package faults

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMeter(t *testing.T) {
	text := "<14> " + record(1, 50) + "\n<14> " + record(2, 50) + "\n<14> rrecord 3"
	for size := 1; size < len(text); size++ {
		m := meter{left: 2}
		passed := 0
		for from := 0; from < len(text) && m.left >= 0; from += size {
			passed += m.pass([]byte(text[from:min(from+size, len(text))]))
		}
		assert.Equal(t, strings.TrimSuffix(text, "3"), text[:passed], "read by %d bytes", size)
	}
}
