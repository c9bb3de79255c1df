package backups

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A process that is killed between any two steps of Place, one time after another: the next one goes on from what it finds, and what
// is newest is there, once and in order.
func TestKilledBetweenAnyTwoSteps(t *testing.T) {
	for _, dates := range []Dated{nil, daily()} {
		for kill := 1; kill <= 7; kill++ {
			t.Run(fmt.Sprintf("dated %v, step %d", dates != nil, kill), func(t *testing.T) {
				b := newFixture(t, Config{Count: 5, Dated: dates})
				out := filepath.Join(t.TempDir(), "out")
				for i := range 12 {
					require.NoError(t, os.WriteFile(out, []byte(strconv.Itoa(100+i)), 0o600))
					label := date("2024-03-01").AddDate(0, 0, i/2)
					if i%2 == 1 {
						killed(b, kill, func() { _, _ = b.set.Place(out, label, false) })
						b.again(b.cfg)
					}
					if _, err := os.Stat(out); err == nil { // it has no name yet
						_, err := b.set.Place(out, label, false)
						require.NoError(t, err)
					}
					require.NoError(t, b.set.Retain(time.Now()))
					var texts, want []string
					for _, name := range b.listed() {
						texts = append(texts, b.tree()[name])
					}
					for k := i; k >= 0 && k > i-5; k-- {
						want = append(want, strconv.Itoa(100+k))
					}
					assert.Equal(t, want, texts, "%v", b.tree())
				}
			})
		}
	}
}

// killed runs f until a step comes for the nth time.
func killed(b *fixture, nth int, f func()) {
	defer func() {
		_ = recover()
		b.set.cfg.Step = func(string) {}
	}()
	step := func(string) {
		if nth--; nth == 0 {
			panic("killed")
		}
	}
	b.set.cfg.Step = step
	if n, ok := b.set.scheme.(*numbered); ok {
		n.step = step
	}
	f()
}
