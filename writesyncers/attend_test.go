package writesyncers

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAttendance(t *testing.T) {
	swap := new(rolled)
	for name, tt := range map[string]struct {
		meanwhile func(t *testing.T, a *attendance)
		want      *rolled
		takes     time.Duration
	}{
		"a rollover is handed over once": {func(t *testing.T, a *attendance) {
			assert.True(t, a.hand(swap))
			assert.False(t, a.hand(new(rolled)))
		}, swap, attendEvery},
		"whoever is sent away goes, and nobody comes": {func(t *testing.T, a *attendance) {
			a.end()
			assert.False(t, a.hand(swap))
			assert.Nil(t, a.wait())
		}, nil, attendEvery},
		"what was handed over is not forgotten at the end": {func(t *testing.T, a *attendance) {
			assert.True(t, a.hand(swap))
			a.end()
		}, swap, attendEvery},
		"nobody waits for long": {func(*testing.T, *attendance) {}, nil, attendLooks * attendEvery},
		"one waits, no more": {func(t *testing.T, a *attendance) {
			assert.Nil(t, a.wait())
			a.end()
		}, nil, attendEvery},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var a attendance
				assert.False(t, a.hand(swap), "nobody waits yet")
				go func() {
					synctest.Wait()
					tt.meanwhile(t, &a)
				}()
				start := time.Now()
				assert.Same(t, tt.want, a.wait())
				assert.Equal(t, tt.takes, time.Since(start))
				assert.False(t, a.hand(swap), "nobody waits any more")
			})
		})
	}
}
