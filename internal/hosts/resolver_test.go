package hosts

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/sockets"
)

// A lookup that its caller has given up continues, and the next caller gets its result, even if each answer comes too late for its
// caller.
func TestALookupGoesOn(t *testing.T) {
	names := sockets.Resolve(t, "127.0.0.1")
	names.Late()
	var r Resolver
	defer r.Close()
	brief, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := r.Lookup(brief, "ip4", "loghost.test")
	var failed *net.DNSError
	require.ErrorAs(t, err, &failed)
	require.True(t, failed.Timeout())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, "lookup loghost.test: i/o timeout", err.Error())

	names.Answer(t)
	found, err := r.Lookup(t.Context(), "ip4", "loghost.test")
	require.NoError(t, err)
	require.Equal(t, addresses("127.0.0.1"), found)

	names.Set("127.0.0.2")
	next := make(chan struct{})
	go func() {
		defer close(next)
		found, err = r.Lookup(t.Context(), "ip4", "loghost.test")
	}()
	names.Answer(t)
	sockets.Receive(t, next)
	require.NoError(t, err)
	require.Equal(t, addresses("127.0.0.2"), found, "what somebody has had is looked up anew")
}

func TestAnOldAnswerIsNone(t *testing.T) {
	l := &lookup{done: make(chan struct{})}
	require.False(t, l.isOld())
	l.at = time.Now().Add(-fresh / 2)
	close(l.done)
	require.False(t, l.isOld())
	l.at = l.at.Add(-fresh)
	require.True(t, l.isOld())
	l.err, l.at = net.ErrClosed, time.Now().Add(-2*freshFailure)
	require.True(t, l.isOld(), "an error is none for the same time")
}

// What nobody asks for again is forgotten.
func TestOldAnswersAreForgotten(t *testing.T) {
	var r Resolver
	defer r.Close()
	old := &lookup{cancel: func() {}, done: make(chan struct{}), at: time.Now().Add(-2 * fresh)}
	close(old.done)
	r.lookups = map[question]*lookup{{"ip", "former.test"}: old}
	_, err := r.Lookup(t.Context(), "ip", "127.0.0.1")
	require.NoError(t, err)
	require.Empty(t, r.lookups)
}

// A name may mean an address with a zone: in /etc/hosts, and with mDNS.
func TestAZoneIsKept(t *testing.T) {
	var r Resolver
	defer r.Close()
	for _, network := range []string{"ip", "ip6"} {
		found, err := r.Lookup(t.Context(), network, "fe80::1%lo") // as a name from /etc/hosts
		require.NoError(t, err)
		require.Equal(t, addresses("fe80::1%lo"), found)
	}
	_, err := r.Lookup(t.Context(), "ip6", "127.0.0.1")
	require.ErrorContains(t, err, "no suitable address found")
}

func TestCloseEndsLookups(t *testing.T) {
	names := sockets.Resolve(t, "127.0.0.1")
	names.Late()
	var r Resolver
	brief, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.Lookup(brief, "ip", "loghost.test")
	require.ErrorContains(t, err, "lookup loghost.test: operation was canceled")
	r.Close()
	_, err = r.Lookup(t.Context(), "ip", "loghost.test")
	require.ErrorIs(t, err, net.ErrClosed)
}
