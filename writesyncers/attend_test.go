package writesyncers

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

func TestWhoOpenedTheFileAheadNamesTheBackup(t *testing.T) {
	if !opensAhead {
		t.Skip("this system opens nothing ahead")
	}
	synctest.Test(t, func(t *testing.T) {
		f, dir := rotating(t, RotatingFileConfig{MaxBytes: 2 << 20, BackupCount: 1, OnError: unexpected(t)})
		first := strings.Repeat("x", 1900<<10) + "\n"
		last := strings.Repeat("y", 200<<10) + "\n"
		write(t, f, first, "opens the next file ahead\n")
		synctest.Wait()
		write(t, f, last)
		assert.Equal(t, last, read(t, filepath.Join(dir, "app.log")))
		assert.NoFileExists(t, filepath.Join(dir, "app.log.1"))
		advance(attendEvery)
		assert.Equal(t, first+"opens the next file ahead\n", read(t, filepath.Join(dir, "app.log.1")))
		require.NoError(t, f.Close())
	})
}
