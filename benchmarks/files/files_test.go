package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{200, 1024} {
		for _, goroutines := range []int{1, 2} {
			for _, w := range slices.Concat([]writer{{"os.File.Write", raw}}, ours, rivals) {
				b.Run(fmt.Sprintf("%s/%dB/%d", w.name, size, goroutines), func(b *testing.B) {
					ns, err := throughput(w, b.TempDir(), size, goroutines, b.N)
					require.NoError(b, err)
					b.ReportMetric(ns, "ns/op")
				})
			}
		}
	}
}

// Every writer that is measured must be one that works.
func TestMeasuring(t *testing.T) {
	for _, w := range slices.Concat([]writer{{"os.File.Write", raw}}, ours, rivals) {
		ns, err := throughput(w, t.TempDir(), 200, 2, 100)
		require.NoError(t, err, w.name)
		assert.Positive(t, ns, w.name)
	}
	for _, w := range []writer{ours[1], rivals[0]} {
		slowest, err := pauses(w, t.TempDir(), 1<<20, 2)
		require.NoError(t, err, w.name)
		assert.Len(t, slowest, 2, w.name)
	}
}
