package queuecore

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Waiting producers are served in their order, and only those whose records fit are woken.
func TestProducersThatWaitAreServedInTheirOrder(t *testing.T) {
	core, f := stalled(t, Config{BlockTimeout: time.Minute, OmitNotice: true})
	n := fill(t, core)
	big := bulky("") + "...................................................................................................."
	var want []string
	var wg sync.WaitGroup
	for i := range 200 {
		m := fmt.Sprintf("waiter %03d", i)
		want = append(want, m)
		wg.Go(func() { _ = core.Write(info(m+big), nil) })
		require.Eventually(t, func() bool { return core.queue.enqueuer.overflow.Len() == i+1 }, 5*time.Second, 10*time.Microsecond)
	}
	go close(f.gate)
	for range n + 200 {
		if core.queue.enqueuer.overflow.Len() > 0 {
			core.queue.mu.Lock()
			used := core.queue.arena.Used()
			core.queue.mu.Unlock()
			require.LessOrEqual(t, used, minBytes, "what is let in fits")
		}
	}
	wg.Wait()
	require.NoError(t, core.Sync())
	got := slices.DeleteFunc(names(f.all()), func(m string) bool { return m == "first" || m == "filler" })
	require.Equal(t, want, got)
	require.Zero(t, core.Stats().Refused)
}
