package connection

import (
	"math"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/sockets"
)

// patient returns a connection to a peer whose system may be silent for that long, and its other end.
func patient(t *testing.T, silence time.Duration) (c *Conn, other net.Conn, d *Dialer) {
	accepted, done := make(chan net.Conn), make(chan struct{})
	peer := sockets.Listen(t, "tcp", func(conn net.Conn) { accepted <- conn; <-done })
	t.Cleanup(func() { close(done) })
	d = NewDialer(Config{Network: "tcp", Address: peer.Address(), Timeout: soon, Hold: time.Millisecond})
	d.mostSilence = silence
	t.Cleanup(d.Close)
	opened := make(chan error, 1)
	go func() {
		var err error
		c, err = d.Open(d.Now())
		opened <- err
	}()
	other = sockets.Receive(t, accepted)
	require.NoError(t, sockets.Receive(t, opened))
	return c, other, d
}

func TestNoTimeoutIsTooLong(t *testing.T) {
	require.Greater(t, NewDialer(Config{Timeout: math.MaxInt64}).mostSilence, time.Duration(math.MaxInt64/2))
}

// aliveFor tells whether the peer is there for that long.
func aliveFor(c *Conn, d *Dialer, long time.Duration) bool {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for end := d.Now() + long; d.Now() < end; <-look.C {
		if !c.Alive(d.Now()) {
			return false
		}
	}
	return true
}

func TestAPeerWhoseSystemIsSilent(t *testing.T) {
	c, other, d := patient(t, 500*time.Millisecond)
	write := func() {
		_, err := c.Write([]byte("hello\n"), 1, d.Now())
		require.NoError(t, err)
	}
	write()
	require.True(t, aliveFor(c, d, 600*time.Millisecond), "nothing is on its way")
	sockets.Vanish(t, other)
	for range 100 {
		write()
	}
	require.False(t, aliveFor(c, d, soon))
	end := c.End(nil)
	assert.ErrorIs(t, end.Err, errSilent)
	assert.True(t, end.Reported)
	assert.EqualValues(t, 100, end.Lost)
}

// Who reads nothing has a system that says so.
func TestAPeerThatOnlyDoesNotRead(t *testing.T) {
	c, _, d := patient(t, 200*time.Millisecond)
	d.cfg.Timeout = 200 * time.Millisecond
	c.Expire()
	taken := 0
	for b, err := make([]byte, 1<<20), error(nil); err == nil; {
		var n int
		if n, err = c.Write(b, 1, d.Now()); err != nil {
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		}
		taken += n
	}
	require.EqualValues(t, taken, c.written.bytes, "with what it took in part")
	require.Positive(t, c.peek.unacknowledged())
	require.True(t, aliveFor(c, d, time.Second))
	require.Zero(t, c.End(os.ErrDeadlineExceeded).Lost)
}

// A good-bye that takes all the time leaves none to wait for a receipt: what was not acknowledged by then is reported all the same.
func TestCloseOfAPeerThatIsGoneWithALastWordThatLasts(t *testing.T) {
	c, other, d := patient(t, time.Hour)
	sockets.Vanish(t, other)
	for range 3 {
		_, err := c.Write([]byte("hello\n"), 1, d.Now())
		require.NoError(t, err)
	}
	end := c.Close(time.Second, func() { <-c.done })
	assert.ErrorIs(t, end.Err, errSilent)
	assert.True(t, end.Reported)
	assert.EqualValues(t, 3, end.Lost)
}

// What is not acknowledged but the end is nothing to wait for: a peer that does not close at once takes its time.
func TestCloseDoesNotWaitForTheEnd(t *testing.T) {
	c, other, d := patient(t, time.Hour)
	_, err := c.Write([]byte("hello\n"), 1, d.Now())
	require.NoError(t, err)
	require.Eventually(t, func() bool { return c.peek.unacknowledged() == 0 }, soon, time.Millisecond)
	sockets.Vanish(t, other)
	begin := time.Now()
	require.Equal(t, Ending{}, c.Close(time.Minute, func() {}))
	require.Less(t, time.Since(begin), stalled)
}
