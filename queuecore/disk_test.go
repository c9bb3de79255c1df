package queuecore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/queuecore/internal/disklog"
	"example.com/zaphandlers/queuecore/queuetest"
	base "example.com/zaphandlers/zapcore"
)

func TestDiskIsAnEngine(t *testing.T) {
	for name, sync := range map[string]queuecore.DiskSync{
		"never": queuecore.DiskSyncNever, "group": queuecore.DiskSyncGroup, "each": queuecore.DiskSyncEach,
	} {
		t.Run(name, func(t *testing.T) {
			queuetest.Run(t, func(t *testing.T) queuecore.Queue {
				cfg := queuecore.DiskConfig{Dir: t.TempDir(), Sync: sync, SegmentBytes: 4 << 10}
				if sync == queuecore.DiskSyncGroup {
					cfg.GroupEvery = time.Millisecond
				}
				return openDisk(t, cfg)
			})
		})
	}
}

func openDisk(t *testing.T, cfg queuecore.DiskConfig) *queuecore.Disk {
	t.Helper()
	d, err := queuecore.NewDisk(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.Close(context.Background()) })
	return d
}

func TestDiskRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for want, cfg := range map[string]queuecore.DiskConfig{
		"Dir is required": {},
		"DiskConfig.Dir":  {Dir: file},
		"SegmentBytes":    {Dir: "x", SegmentBytes: -1},
		"Sync 7":          {Dir: "x", Sync: 7},
		"GroupEvery 5ns":  {Dir: "x", Sync: queuecore.DiskSyncGroup, GroupEvery: 5},
		"an effect only with Sync: DiskSyncGroup": {Dir: "x", Sync: queuecore.DiskSyncEach, GroupRecords: 5},
		"GroupRecords": {Dir: "x", GroupRecords: -1},
	} {
		_, err := queuecore.NewDisk(cfg)
		require.ErrorContains(t, err, want)
	}
	dir := t.TempDir()
	openDisk(t, queuecore.DiskConfig{Dir: dir})
	_, err := queuecore.NewDisk(queuecore.DiskConfig{Dir: dir})
	require.ErrorContains(t, err, "is in use by another engine")
}

// A relative Dir is that of the working directory in which NewDisk was called, wherever the program goes afterwards.
func TestDiskInARelativeFolder(t *testing.T) {
	home, elsewhere := t.TempDir(), t.TempDir()
	t.Chdir(home)
	d := openDisk(t, queuecore.DiskConfig{Dir: "disk", SegmentBytes: 1})
	appendMessage(t, d, "1")
	require.NoError(t, d.Ack("target", 0))
	t.Chdir(elsewhere)
	appendMessage(t, d, "2")
	require.NoError(t, d.Sync())
	require.Equal(t, []int{1, 2}, numbersIn(t, d, "target"))
	require.NoError(t, d.Close(t.Context()))
	left, err := os.ReadDir(elsewhere)
	require.NoError(t, err)
	require.Empty(t, left)
	require.Equal(t, []int{2}, numbersIn(t, openDisk(t, queuecore.DiskConfig{Dir: filepath.Join(home, "disk")}), "another"), "the first has gone with its file")
}

// numbersIn returns the messages behind a cursor, which are numbers, and acknowledges them.
func numbersIn(t *testing.T, d *queuecore.Disk, cursor string) (numbers []int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // what is there is read all the same
	for {
		var b base.Batch
		last, err := d.Read(ctx, cursor, &b)
		if errors.Is(err, context.Canceled) {
			return numbers
		}
		require.NoError(t, err)
		for i := range b.Len() {
			n, err := strconv.Atoi(b.At(i).Entry().Message)
			require.NoError(t, err)
			numbers = append(numbers, n)
		}
		require.NoError(t, d.Ack(cursor, last))
	}
}

// A process that appends is killed at random moments: what it was told is kept is there, in order and once.
func TestDiskOfAKilledProcess(t *testing.T) {
	if dir := os.Getenv("QUEUECORE_DISK_CHILD"); dir != "" {
		diskChild(dir)
	}
	rounds := 5
	if text := os.Getenv("ZAPHANDLERS_KILLS"); text != "" {
		rounds, _ = strconv.Atoi(text)
	}
	dir := t.TempDir()
	next := 0
	var got []int
	for round := range rounds {
		cmd := exec.Command(os.Args[0], "-test.run=^TestDiskOfAKilledProcess$")
		cmd.Env = append(os.Environ(), "QUEUECORE_DISK_CHILD="+dir, fmt.Sprint("QUEUECORE_DISK_FROM=", next), fmt.Sprint("QUEUECORE_DISK_SYNC=", round%3))
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		kept, until := next, next+rand.IntN(5000)
		lines := bufio.NewScanner(out)
		killed := false
		for lines.Scan() {
			n, err := strconv.Atoi(lines.Text())
			require.NoError(t, err, lines.Text())
			kept = n
			if kept >= until && !killed {
				killed = true
				require.NoError(t, cmd.Process.Kill())
			}
		}
		_ = cmd.Wait()

		d := openDisk(t, queuecore.DiskConfig{Dir: dir})
		got = append(got, numbersIn(t, d, "reader")...)
		require.GreaterOrEqual(t, len(got), kept)
		require.Zero(t, d.Stats().Damaged)
		next = len(got)
		require.NoError(t, d.Close(t.Context()))
	}
	for i, n := range got {
		require.Equal(t, i, n, "in order, and once")
	}
}

// diskChild appends numbers, and prints after each batch how many are kept.
func diskChild(dir string) {
	sync, _ := strconv.Atoi(os.Getenv("QUEUECORE_DISK_SYNC"))
	d, err := queuecore.NewDisk(queuecore.DiskConfig{Dir: dir, SegmentBytes: 20 << 10, Sync: queuecore.DiskSync(sync)})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for next, _ := strconv.Atoi(os.Getenv("QUEUECORE_DISK_FROM")); ; {
		var b base.Batch
		for range 1 + rand.IntN(50) {
			var r base.Record
			_ = r.Capture(zapcore.Entry{Message: strconv.Itoa(next), Time: time.Unix(1e9, 0)}, base.Context{}, nil)
			b.Add(r.Bytes())
			next++
		}
		if _, err := d.Append(&b); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(next)
	}
}

// The whole way: a queue in front, the process ends with a target that is down, and the next one delivers.
func TestDiskOutlivesATargetThatIsDown(t *testing.T) {
	dir := t.TempDir()
	d := openDisk(t, queuecore.DiskConfig{Dir: dir})
	require.NoError(t, d.Ack("target", 0))
	core, err := queuecore.NewHandler(d, queuecore.Config{})
	require.NoError(t, err)
	const records = 1000
	for i := range records {
		require.NoError(t, core.Write(zapcore.Entry{Message: strconv.Itoa(i)}, nil))
	}
	require.NoError(t, core.Close())
	require.NoError(t, d.Close(t.Context()))
	d = openDisk(t, queuecore.DiskConfig{Dir: dir})
	require.Len(t, numbersIn(t, d, "target"), records)
}

func appendMessage(t *testing.T, d *queuecore.Disk, message string) {
	t.Helper()
	var b base.Batch
	b.Add(tapeOf(t, message))
	_, err := d.Append(&b)
	require.NoError(t, err)
}

// rawLog makes a folder with these payloads.
func rawLog(t *testing.T, payloads ...[]byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	l, err := disklog.Open(disklog.Options{Dir: dir, OnError: func(err error) { t.Error(err) }})
	require.NoError(t, err)
	_, err = l.Append(payloads)
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return dir
}

func tapeOf(t *testing.T, message string) []byte {
	t.Helper()
	var r base.Record
	require.NoError(t, r.Capture(zapcore.Entry{Message: message, Time: time.Unix(1e9, 0)}, base.Context{}, nil))
	return r.Bytes()
}

// A record of another version is reported, counted and passed over. In the middle it ends a Read, so that the numbers are right.
func TestDiskWithRecordsOfAnotherVersion(t *testing.T) {
	strange := []byte{0xff, 1, 2}
	dir := rawLog(t, tapeOf(t, "0"), strange, tapeOf(t, "1"), tapeOf(t, "2"), strange)
	told := 0
	d := openDisk(t, queuecore.DiskConfig{Dir: dir, OnError: func(error) { told++ }})
	var lasts []uint64
	for range 2 {
		var b base.Batch
		last, err := d.Read(t.Context(), "c", &b)
		require.NoError(t, err)
		lasts = append(lasts, last, uint64(b.Len()))
		require.NoError(t, d.Ack("c", last))
	}
	require.Equal(t, []uint64{1, 1, 4, 2}, lasts)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var b base.Batch
	_, err := d.Read(ctx, "c", &b)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, uint64(2), d.Stats().Damaged)
	require.NotZero(t, told)
}

// A full folder of unreadable records makes room again.
func TestDiskFullOfAnotherVersion(t *testing.T) {
	var strange [][]byte
	for range 100 {
		strange = append(strange, []byte{0xff, 1, 2})
	}
	d := openDisk(t, queuecore.DiskConfig{Dir: rawLog(t, strange...), MaxBytes: 2000, OnError: func(error) {}})
	var b base.Batch
	b.Add(tapeOf(t, "0"))
	_, err := d.Append(&b)
	require.ErrorContains(t, err, "full")
	require.Empty(t, numbersIn(t, d, "c"))
	_, err = d.Append(&b)
	require.NoError(t, err)
	require.Equal(t, []int{0}, numbersIn(t, d, "c"))
}

// Syncs that do not keep up make Append wait, and cost no memory without a bound.
func TestDiskSyncGroupIsBounded(t *testing.T) {
	d := openDisk(t, queuecore.DiskConfig{Dir: t.TempDir(), Sync: queuecore.DiskSyncGroup, GroupEvery: time.Hour, GroupRecords: 1 << 30})
	var b base.Batch
	b.Add(tapeOf(t, strings.Repeat("x", 1<<20)))
	for range 40 {
		_, err := d.Append(&b)
		require.NoError(t, err)
		require.Less(t, d.Stats().Unsynced, int64(18<<20))
	}
	require.NoError(t, d.Sync())
	require.Zero(t, d.Stats().Unsynced)
}

// diskThatWaits has each sync wait for an answer, and counts them.
func diskThatWaits(t *testing.T) (answer chan struct{}, syncs *atomic.Int64) {
	answer, syncs = make(chan struct{}), new(atomic.Int64)
	datasync := disklog.Datasync
	t.Cleanup(func() { disklog.Datasync = datasync })
	disklog.Datasync = func(f *os.File) error {
		syncs.Add(1)
		<-answer
		return datasync(f)
	}
	return answer, syncs
}

// If the disk hangs, no more than one goroutine waits in a background sync, and Close waits no longer than its context allows.
func TestDiskThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer, syncs := diskThatWaits(t)
		d, err := queuecore.NewDisk(queuecore.DiskConfig{Dir: t.TempDir(), Sync: queuecore.DiskSyncGroup, GroupRecords: 5})
		require.NoError(t, err)
		var b base.Batch
		b.Add(tapeOf(t, "x"))
		before := 0
		for i := range 100 {
			_, err := d.Append(&b)
			require.NoError(t, err)
			time.Sleep(200 * time.Millisecond)
			if i == 0 {
				before = runtime.NumGoroutine()
			}
		}
		require.LessOrEqual(t, runtime.NumGoroutine(), before)
		require.EqualValues(t, 1, syncs.Load())
		require.NotZero(t, d.Stats().Unsynced)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, d.Close(ctx), context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
		_, err = d.Append(&b)
		require.ErrorIs(t, err, os.ErrClosed)
		synctest.Wait()
		close(answer)
		synctest.Wait()
	})
}

// What came while a sync was under way is synced behind it, by the next, and by Close.
func TestDiskSyncsWhatCameMeanwhile(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, d *queuecore.Disk){
		"the next": func(t *testing.T, d *queuecore.Disk) {
			time.Sleep(time.Second)
			require.Zero(t, d.Stats().Unsynced)
			require.NoError(t, d.Close(t.Context()))
		},
		"Close": func(t *testing.T, d *queuecore.Disk) { require.NoError(t, d.Close(t.Context())) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answer, syncs := diskThatWaits(t)
				d, err := queuecore.NewDisk(queuecore.DiskConfig{Dir: t.TempDir(), Sync: queuecore.DiskSyncGroup})
				require.NoError(t, err)
				var b base.Batch
				b.Add(tapeOf(t, "x"))
				for range 2 {
					_, err = d.Append(&b)
					require.NoError(t, err)
					time.Sleep(time.Second)
				}
				require.EqualValues(t, 1, syncs.Load())
				close(answer)
				synctest.Wait()
				end(t, d)
				require.GreaterOrEqual(t, syncs.Load(), int64(2))
			})
		})
	}
}

// DiskStats.Unsynced is 0 once all records are on the disk.
func TestDiskSyncs(t *testing.T) {
	batch := func() *base.Batch {
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Message: "m"}, base.Context{}, nil))
		var b base.Batch
		b.Add(r.Bytes())
		return &b
	}
	appendTo := func(d *queuecore.Disk, records int) {
		for range records {
			_, err := d.Append(batch())
			require.NoError(t, err)
		}
	}
	synced := func(d *queuecore.Disk) func() bool { return func() bool { return d.Stats().Unsynced == 0 } }

	each := openDisk(t, queuecore.DiskConfig{Dir: t.TempDir(), Sync: queuecore.DiskSyncEach})
	appendTo(each, 1)
	require.Zero(t, each.Stats().Unsynced)

	records := openDisk(t, queuecore.DiskConfig{Dir: t.TempDir(), Sync: queuecore.DiskSyncGroup, GroupEvery: time.Hour, GroupRecords: 10})
	appendTo(records, 9)
	require.NotZero(t, records.Stats().Unsynced)
	appendTo(records, 1)
	require.Eventually(t, synced(records), 10*time.Second, time.Millisecond)
	appendTo(records, 1)
	require.NoError(t, records.Sync())
	require.Zero(t, records.Stats().Unsynced)

	every := openDisk(t, queuecore.DiskConfig{Dir: t.TempDir(), Sync: queuecore.DiskSyncGroup, GroupEvery: time.Millisecond})
	appendTo(every, 1)
	require.Eventually(t, synced(every), 10*time.Second, time.Millisecond)
}

// Everything at once, ended by Close at a random moment: nothing hangs, and what was taken is there afterwards, once for each reader.
func TestDiskClosedInTheMiddle(t *testing.T) {
	for round := range 12 {
		cfg := queuecore.DiskConfig{
			Dir: t.TempDir(), SegmentBytes: 1 + int64(round)*100, Sync: queuecore.DiskSync(round % 3),
			OnError: func(err error) { t.Error(err) },
		}
		if cfg.Sync == queuecore.DiskSyncGroup {
			cfg.GroupEvery, cfg.GroupRecords = time.Millisecond, 3
		}
		d := openDisk(t, cfg)
		require.NoError(t, d.Ack("a", 0))
		require.NoError(t, d.Ack("b", 0))
		var all sync.WaitGroup
		var next, acked [2]atomic.Int64
		var enough atomic.Int64
		closing := make(chan struct{})
		for p := range 2 {
			all.Go(func() {
				for {
					var b base.Batch
					for range 3 {
						b.Add(tapeOf(t, strconv.FormatInt(next[p].Load()*2+int64(p), 10)))
						next[p].Add(1)
					}
					if _, err := d.Append(&b); err != nil {
						assert.ErrorIs(t, err, queuecore.ErrClosed)
						next[p].Add(-3)
						return
					}
					if enough.Add(3) == int64(300+rand.IntN(300)/3*3) || enough.Load() > 600 {
						select {
						case closing <- struct{}{}:
						default:
						}
					}
				}
			})
			all.Go(func() {
				for cursor := string(rune('a' + p)); ; {
					var b base.Batch
					last, err := d.Read(t.Context(), cursor, &b)
					if err == nil {
						if err = d.Ack(cursor, last); err == nil {
							acked[p].Add(int64(b.Len()))
						}
					}
					if err != nil {
						assert.ErrorIs(t, err, queuecore.ErrClosed)
						return
					}
				}
			})
		}
		all.Go(func() {
			for {
				_ = d.Stats()
				if err := d.Sync(); err != nil {
					assert.ErrorIs(t, err, queuecore.ErrClosed)
					return
				}
			}
		})
		<-closing
		require.NoError(t, d.Close(t.Context()))
		all.Wait()
		d = openDisk(t, cfg)
		for p, cursor := range []string{"a", "b"} {
			rest := numbersIn(t, d, cursor)
			require.EqualValues(t, next[0].Load()+next[1].Load(), acked[p].Load()+int64(len(rest)), "round %d", round)
		}
		require.Zero(t, d.Stats().Damaged)
		require.NoError(t, d.Close(t.Context()))
	}
}
