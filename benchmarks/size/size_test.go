package size

import "testing"

func TestSuite(t *testing.T) { Suite.Smoke(t) }

func BenchmarkSuite(b *testing.B) { Suite.Benchmark(b) }
