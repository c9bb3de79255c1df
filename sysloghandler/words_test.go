package sysloghandler

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each byte at each place of a text of each length: eight are looked at together, and the last eight overlap others.
func TestEightBytesTogether(t *testing.T) {
	escapings := map[string]*escaping{"text": newEscaping(false, false), "marked": newEscaping(false, true), "value": newEscaping(true, true)}
	for name, e := range escapings {
		escapings[name+", visible"] = e.visible()
	}
	for n := range 27 {
		for at := range n {
			for c := range 256 {
				b := []byte(strings.Repeat("x", n))
				b[at] = byte(c)
				for name, e := range escapings {
					want := n
					if action := e.action[c]; action != copied {
						want = at
					}
					if got := e.run(string(b)); got != want {
						require.Equal(t, want, got, "%s: %q", name, b)
					}
				}
				if want, got := n <= maxName && isOf(string(b), &nameBytes), isName(string(b)); want != got {
					require.Equal(t, want, got, "%q", b)
				}
			}
		}
	}
	require.False(t, isName(""))
	require.True(t, isName(strings.Repeat("x", maxName)))
	require.False(t, isName(strings.Repeat("x", maxName+1)))
}

func TestAppendTime(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	zones := []*time.Location{time.UTC, time.Local, time.FixedZone("", 3600), time.FixedZone("ODD", -1859), time.FixedZone("W", 86400), time.FixedZone("H", -19800)}
	for range 50_000 {
		sec, nanos := random.Int64N(lastSecond+3*86400)-86400, random.Int64N(1e9)
		for range random.IntN(4) {
			nanos -= nanos % []int64{10, 1e3, 1e6, 1e9}[random.IntN(4)]
		}
		at := time.Unix(sec, nanos).In(zones[random.IntN(len(zones))])
		require.Equal(t, at.Format(time.RFC3339Nano), string(appendTime(nil, at)))
	}
}
