package arena

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
)

// What Put writes for a record of Info, besides the record, lies on one cache line.
func TestHotIsOneCacheLine(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("the layout is made for 64 bits")
	}
	const line = 64
	var h hot
	assert.LessOrEqual(t, unsafe.Offsetof(h.tails)+unsafe.Sizeof(h.tails[0]), uintptr(line))
	for range 10 {
		a := New(1<<20, 1)
		assert.Zero(t, uintptr(unsafe.Pointer(a.hot))%line, "it begins where a line begins")
	}
}
