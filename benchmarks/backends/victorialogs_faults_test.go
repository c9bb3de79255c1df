package backends

import (
	"fmt"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

func batchOf(t testing.TB, all []record) *base.Batch {
	var batch base.Batch
	for _, r := range all {
		batch.Add(tape(t, r.ent, r.fields...))
	}
	return &batch
}

// requireStored requires that all records of a run but those are stored, at most so often.
func requireStored(t testing.TB, s *server, w vlWire, run string, n int, but map[int]bool, most int) {
	t.Helper()
	found := rows(t, s, w.prefix+"run", run, w.prefix+"n", n-len(but))
	for i := range n {
		copies := len(found[strconv.Itoa(i)])
		if but[i] {
			require.Zero(t, copies, "record %d", i)
			continue
		}
		require.True(t, copies >= 1 && copies <= most, "record %d is there %d times", i, copies)
	}
}

// One record among good ones that it refuses: it is found and named, the others arrive. What came before it in a request is
// stored although the answer is 400, so some are there more than once.
func TestVictoriaLogsOneBadRecord(t *testing.T) {
	s := victoriaLogs(t)
	bulk := vlWires[0]
	all := records("bad")[:100]
	all[42].ent.Time = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	core, err := httpcore.New(httpcore.Config{URL: "http://" + s.addr + bulk.path, Envelope: bulk.envelope})
	require.NoError(t, err)
	defer core.Close()
	n, err := core.WriteBatch(batchOf(t, all))
	require.Equal(t, len(all), n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, []int{42}, rejected.Indexes)
	require.ErrorContains(t, err, "cannot parse timestamp")
	requireStored(t, s, bulk, "bad", len(all), map[int]bool{42: true}, 8)
}

// It says 400 to what is too large, not 413.
func TestVictoriaLogsTooLarge(t *testing.T) {
	s := victoriaLogs(t, "-loki.maxRequestSize=20000", "-splunk.maxRequestSize=20000")
	for _, wire := range vlWires[2:] {
		all := records("large " + wire.name)
		large := map[int]bool{}
		for n := range all {
			if n%len(odd) == 8 { // the long one is too large by itself
				large[n] = true
			}
		}
		stats, _ := queued(t, httpcore.Config{URL: "http://" + s.addr + wire.path, Envelope: wire.envelope}, all)
		require.Equal(t, uint64(len(large)), stats.Refused, "each of them is refused")
		require.GreaterOrEqual(t, stats.Delivered, uint64(total-len(large)), "and the queue's own notice comes to the others")
		requireStored(t, s, wire, "large "+wire.name, total, large, 4)
	}
}

func TestVictoriaLogsWrongPassword(t *testing.T) {
	s := victoriaLogs(t, "-httpAuth.username=u", "-httpAuth.password=right")
	for _, retryOn := range [][]int{nil, {401}} {
		core, err := httpcore.New(httpcore.Config{URL: "http://" + s.addr + vlWires[0].path, Envelope: vlWires[0].envelope,
			Credentials: url.UserPassword("u", "wrong"), PlaintextCredentials: true, RetryOn: retryOn})
		require.NoError(t, err)
		defer core.Close()
		n, err := core.WriteBatch(batchOf(t, records("password")[:10]))
		require.ErrorContains(t, err, "401 Unauthorized")
		var rejected *base.RejectedError
		var retry *base.RetryError
		if retryOn == nil {
			require.Equal(t, 10, n)
			require.ErrorAs(t, err, &rejected)
			continue
		}
		require.Zero(t, n)
		require.ErrorAs(t, err, &retry)
	}
}

// A full disk is 429: nothing is lost, and all arrives when there is room again.
func TestVictoriaLogsFullDisk(t *testing.T) {
	s := victoriaLogs(t)
	run := s.command
	s.stop(syscall.SIGTERM)
	full := run()
	full.Args = append(full.Args, "-storage.minFreeDiskSpaceBytes=100TB")
	s.command = func() *exec.Cmd { return full }
	s.start()
	bulk := vlWires[0]
	core, err := httpcore.New(httpcore.Config{URL: "http://" + s.addr + bulk.path, Envelope: bulk.envelope, RetryStart: time.Millisecond, RetryMax: time.Millisecond})
	require.NoError(t, err)
	defer core.Close()
	batch := batchOf(t, records("full")[:100])
	n, err := core.WriteBatch(batch)
	require.Zero(t, n)
	require.ErrorContains(t, err, "429")
	s.stop(syscall.SIGTERM)
	s.command = run
	s.start()
	require.Eventually(t, func() bool { n, err = core.WriteBatch(batch); return n == 100 && err == nil }, 10*time.Second, 5*time.Millisecond)
	requireStored(t, s, bulk, "full", 100, nil, 1)
}

// Killed or ended in mid-run, and started again. What it has answered is stored when it was ended in order; after kill -9 it has
// lost what it said it had and had not written: that is its promise, a second here, and not ours to mend. It never has two of a
// record, but for those whose answer was lost.
func TestVictoriaLogsRestarts(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			s := victoriaLogs(t)
			bulk := vlWires[0]
			const many, batch = 8000, 200
			core, err := httpcore.New(httpcore.Config{URL: "http://" + s.addr + bulk.path, Envelope: bulk.envelope, RetryStart: 5 * time.Millisecond, RetryMax: 20 * time.Millisecond})
			require.NoError(t, err)
			defer core.Close()
			queue, err := queuecore.New(queuecore.Config{OnError: func(err error) { t.Log(err) }, Targets: []queuecore.TargetConfig{{
				Core: core, BatchRecords: batch, RetryStart: 5 * time.Millisecond, RetryMax: 20 * time.Millisecond}}})
			require.NoError(t, err)
			ent, stopped := records("restart")[0].ent, 0
			for n := range many {
				ent.Message = fmt.Sprint("order ", n)
				require.NoError(t, queue.Write(ent, []zap.Field{zap.String("run", "restart"), zap.Int("n", n)}))
				if n == many/2 {
					require.Eventually(t, func() bool { return core.Stats().Delivered > 0 }, 10*time.Second, time.Millisecond)
					s.stop(signal)
					stopped = int(core.Stats().Delivered)
					s.start()
				}
			}
			require.NoError(t, queue.Sync())
			require.NoError(t, queue.Close())
			require.Equal(t, uint64(many), core.Stats().Delivered, "all that was accepted was delivered")
			if signal == syscall.SIGTERM {
				requireStored(t, s, bulk, "restart", many, nil, 2)
				return
			}
			found := rows(t, s, "run", "restart", "n", many-stopped)
			for n := stopped; n < many; n++ {
				require.NotEmpty(t, found[strconv.Itoa(n)], "record %d was delivered after the restart", n)
			}
			t.Logf("kill -9: %d of %d records are there", len(found), many)
		})
	}
}

// What no receiver will ever say no to, and drops: a line beyond 256 KiB. MaxRecordBytes refuses it here.
func TestVictoriaLogsLongLine(t *testing.T) {
	s := victoriaLogs(t)
	lines := vlWires[1]
	all := records("long")[:3]
	all[1].ent.Message = strings.Repeat("x", 300_000)
	stats, _ := queued(t, httpcore.Config{URL: "http://" + s.addr + lines.path, Envelope: lines.envelope, MaxRecordBytes: 256 << 10}, all)
	require.Equal(t, uint64(1), stats.Refused)
	requireStored(t, s, lines, "long", 3, map[int]bool{1: true}, 1)
}
