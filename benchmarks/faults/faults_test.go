package faults

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/benchmarks/suite"
)

func TestSuite(t *testing.T) { Suite.Smoke(t) }

func BenchmarkSuite(b *testing.B) { Suite.Benchmark(b) }

// meet has a handler meet its fault in full.
func meet(t *testing.T, f fault, h handler) outcome {
	t.Helper()
	o, err := h.meet(f.records)
	if errors.Is(err, suite.ErrLeftOut) {
		t.Skip(err)
	}
	require.NoError(t, err)
	assert.Equal(t, f.records, o.arrived+o.reported+o.lost, "%+v", o)
	return o
}

// mayDouble are those whose protocol has no numbers by which a receiver could tell what is sent again.
var mayDouble = map[string]bool{oursForward.name: true, oursRELP.name: true, oursPosted.name: true}

// TestPromises holds the bounds.
func TestPromises(t *testing.T) {
	for _, f := range faults() {
		for _, h := range f.handlers {
			i := slices.IndexFunc(bounds, func(b suite.Bound) bool { return b.Of.Row == f.name+"/"+h.name })
			if i < 0 {
				continue
			}
			t.Run(f.name+"/"+h.name, func(t *testing.T) {
				o := meet(t, f, h)
				assert.Zero(t, o.lost, "%+v", o)
				if !mayDouble[h.name] {
					assert.Zero(t, o.doubled, "%+v", o)
				}
				if bounds[i].Of.Unit == "arrived" {
					assert.Zero(t, o.reported, "%+v", o)
				}
			})
		}
	}
}

// TestFaultsAreFaults holds that each of them is staged: whoever is known to fall for it does.
func TestFaultsAreFaults(t *testing.T) {
	for name, victim := range map[string]string{
		"peer hangs up after each record": "srslog",
		"server restarts":                 "srslog",
		"peer resets 10 times":            "srslog",
		"web server busy, then killed":    "net/http",
		"disk full for a while":           "os.File",
		"rotation refused for a while":    "lumberjack",
		"file moved away and removed":     "os.File",
		"copytruncate by logrotate":       "lumberjack",
		"two writers on one file":         "lumberjack",
		"100 rotations at once":           "lumberjack",
		"sink stalls during a burst":      "zerolog, diode",
	} {
		t.Run(name, func(t *testing.T) {
			all := faults()
			i := slices.IndexFunc(all, func(f fault) bool { return f.name == name })
			require.GreaterOrEqual(t, i, 0)
			j := slices.IndexFunc(all[i].handlers, func(h handler) bool { return h.name == victim })
			require.GreaterOrEqual(t, j, 0)
			o := meet(t, all[i], all[i].handlers[j])
			assert.Positive(t, o.lost+o.reported, "%+v", o)
		})
	}
}
