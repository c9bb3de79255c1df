package session

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// silentFor connects w to a server that never says anything, and returns how long a read takes that has a minute, when shorten
// is called after a second.
func silentFor(t *testing.T, shorten func(w *wire)) (took time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer func() { _ = theirs.Close() }()
		w := &wire{timeout: 5 * time.Second, dial: func(context.Context, string, string) (net.Conn, error) { return ours, nil }}
		conn, err := w.connect("server:25", time.Second)
		require.NoError(t, err)
		w.allow(time.Minute)
		time.AfterFunc(time.Second, func() { shorten(w) })
		begin := time.Now()
		_, err = conn.Read(make([]byte, 1))
		require.True(t, isTimeout(err))
		took = time.Since(begin)
		w.drop()
	})
	return took
}

func TestWhoWaitsShortensWhatIsUnderWay(t *testing.T) {
	tests := []struct {
		name    string
		shorten func(w *wire)
		takes   time.Duration
	}{
		{"nobody", func(*wire) {}, time.Minute},
		{"an urgent record", func(w *wire) { w.hurry(10 * time.Second) }, 11 * time.Second},
		{"an urgent record that has longer", func(w *wire) { w.hurry(time.Hour) }, time.Minute},
		{"Close", (*wire).interrupt, 6 * time.Second},
		{"Close, and then an urgent record", func(w *wire) { w.interrupt(); w.hurry(10 * time.Second) }, 6 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { assert.Equal(t, test.takes, silentFor(t, test.shorten)) })
	}
}
