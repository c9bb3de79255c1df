package jsonenc

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func requireShortest(t *testing.T, v float64) {
	want := strconv.AppendFloat(nil, v, 'f', -1, 64)
	if got := appendFloat(nil, v); string(want) != string(got) {
		require.Equal(t, string(want), string(got), "%b", v)
	}
}

// The short way writes what strconv writes: for what logs hold, for the neighbours of all that, and where the ways meet.
func TestFloatsAreWrittenAsByStrconv(t *testing.T) {
	near := func(v float64) { // v, and the two above
		for range 3 {
			if math.IsInf(v, 0) {
				break
			}
			requireShortest(t, v)
			requireShortest(t, -v)
			v = math.Nextafter(v, math.Inf(1))
		}
	}
	for _, v := range []float64{
		0, 1, 0.1, 0.25, 0.3, 1e-9, 4e-10, 5e-10, 1e-300, 999999, 999999.999999999, 1e6, 123456.789012345, 1<<30 - 1, 1 << 30, 1 << 31,
		1<<31 + 1/256., 1 << 32, 1 << 33, 1e9, 1e15, 1e16, 1e21, 1e300, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Pi,
		1795422672 + 1/256., 1795422672 + 3/512., 1795422672.5, 2147483647.9999998, 1 << 53,
	} {
		near(v)
		near(math.Nextafter(v, math.Inf(-1)))
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		near(time.Duration(random.Int64N(int64(time.Hour))).Seconds())
		near(float64(random.Int64N(1e6)) / 100)
		near(float64(1<<30*int64(time.Second)+random.Int64N(7<<30*int64(time.Second))) / 1e9)
		near(float64(random.Int64N(1<<33*1e6)) / 1e6)
		near(random.Float64() * 1e6)
	}
}

func FuzzFloat(f *testing.F) {
	f.Add(uint64(0))
	f.Add(math.Float64bits(0.001234567))
	f.Add(math.Float64bits(1795422672.1314151))
	f.Fuzz(func(t *testing.T, bits uint64) {
		v := math.Float64frombits(bits)
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			requireShortest(t, v)
		}
	})
}

// Negative zero keeps its sign, as strconv has it.
func TestFloatNegativeZero(t *testing.T) {
	require.Equal(t, "-0", string(appendFloat(nil, math.Copysign(0, -1))))
}
