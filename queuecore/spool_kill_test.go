//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package queuecore

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sys/unix"

	base "example.com/zaphandlers/zapcore"
)

const (
	victimDir    = "ZAPHANDLERS_SPOOL_VICTIM" // the folder of a process that is to be killed, or to drain
	victimRound  = "ZAPHANDLERS_SPOOL_ROUND"  // which round it is; drain
	victimEngine = "ZAPHANDLERS_SPOOL_ENGINE" // not empty: the victim is that of TestKillOfADisk
	killRounds   = "ZAPHANDLERS_KILL_ROUNDS"  // how many rounds TestKill has; 500 take about two minutes

	producers = 3
)

// TestMain makes this binary the victim of TestKill if it is asked to.
func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		run := victim
		if os.Getenv(victimEngine) != "" {
			run = diskVictim
		}
		if err := run(dir, os.Getenv(victimRound)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// appending is a target that appends a line a record to a file, one write a batch, and is slow now and then. What it has written
// survives the process as the spool does.
type appending struct {
	zapcore.Core
	file *os.File
	lazy bool
}

func (a *appending) Enabled(zapcore.Level) bool { return true }
func (a *appending) Sync() error                { return nil }

func (a *appending) WriteBatch(b *base.Batch) (int, error) {
	var lines []byte
	for i := range b.Len() {
		lines = append(append(lines, b.At(i).Entry().Message...), ";\n"...)
	}
	if a.lazy && rand.IntN(3) == 0 {
		time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
	}
	if _, err := a.file.Write(lines); err != nil {
		return 0, err
	}
	return b.Len(), nil
}

// victim logs until it is killed, or delivers what is left.
func victim(dir, round string) error {
	var targets []TargetConfig
	for _, name := range []string{"a", "b"} {
		file, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		if _, err := file.WriteString("\n"); err != nil { // a kill may cut a large write(2) short
			return err
		}
		targets = append(targets, TargetConfig{Core: &appending{zapcore.NewNopCore(), file, name == "b"}, Name: name, BatchRecords: 100})
	}
	core, err := New(Config{Targets: targets, Spool: filepath.Join(dir, "spool"), MaxBytes: 256 << 10, BlockTimeout: time.Minute, BlockTimeoutError: time.Minute})
	if err != nil {
		return err
	}
	if round == "drain" {
		return core.Close()
	}
	progress, err := mapProgress(filepath.Join(dir, "progress"))
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			padding := strings.Repeat("x", 20*p)
			for i := uint64(1); ; i++ {
				m := fmt.Sprintf("%s %d %d", round, p, i)
				level := zapcore.InfoLevel
				if i%100 == 0 {
					level = zapcore.ErrorLevel
				}
				if err := core.Write(zapcore.Entry{Level: level, Message: m}, []zapcore.Field{zap.String("padding", padding)}); err != nil {
					panic(err)
				}
				atomic.StoreUint64(&progress[p], i) // accepted
			}
		})
	}
	fmt.Println("running")
	wg.Wait()
	return nil
}

// mapProgress returns what a victim has had accepted, in memory that survives it.
func mapProgress(path string) ([]uint64, error) {
	if err := os.WriteFile(path, make([]byte, 8*producers), 0o600); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := unix.Mmap(int(f.Fd()), 0, 8*producers, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*uint64)(unsafe.Pointer(&data[0])), producers), nil
}

// rounds returns how many rounds a test of kills has.
func rounds(few int) int {
	if n, err := strconv.Atoi(os.Getenv(killRounds)); err == nil {
		return n
	}
	return few
}

// killed runs a victim, kills it at a moment drawn at random, and returns what it had had accepted.
func killed(t *testing.T, dir string, round int, env ...string) (accepted [producers]uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), victimDir+"="+dir, fmt.Sprint(victimRound, "=", round)), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, "it starts, whatever was left")
	require.Equal(t, "running\n", line)
	time.Sleep(time.Duration(rand.IntN(30_000)) * time.Microsecond)
	require.NoError(t, cmd.Process.Kill())
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	data, err := os.ReadFile(filepath.Join(dir, "progress"))
	require.NoError(t, err)
	for p := range accepted {
		accepted[p] = binary.NativeEndian.Uint64(data[8*p:])
	}
	return accepted
}

// drained runs a victim that delivers what is left, and returns the lines that a target has.
func drained(t *testing.T, dir, name string, env ...string) []string {
	t.Helper()
	drain := exec.Command(os.Args[0])
	drain.Env = append(append(os.Environ(), victimDir+"="+dir, victimRound+"=drain"), env...)
	out, err := drain.CombinedOutput()
	require.NoError(t, err, "%s", out)
	data, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

// TestKill kills a process that logs, at a moment drawn at random, again and again: whatever it had accepted is delivered to each target,
// in order, and only what a target had in hand comes twice.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	var accepted [][producers]uint64
	for round := range rounds(6) {
		accepted = append(accepted, killed(t, dir, round))
	}
	for _, name := range []string{"a", "b"} {
		checkDelivered(t, name, drained(t, dir, name), accepted)
	}
}

// diskVictim appends to a Disk, and reads from it, until it is killed; or delivers what is left.
func diskVictim(dir, round string) error {
	disk, err := NewDisk(DiskConfig{Dir: filepath.Join(dir, "disk"), MaxBytes: 4 << 20, SegmentBytes: 20 << 10})
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(dir, "d"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if _, err := file.WriteString("\n"); err != nil {
		return err
	}
	listener, err := NewListener(disk, ListenerConfig{Targets: []TargetConfig{{Core: &appending{zapcore.NewNopCore(), file, true}, Name: "d"}}})
	if err != nil {
		return err
	}
	listener.Start()
	if round == "drain" {
		return listener.Stop()
	}
	progress, err := mapProgress(filepath.Join(dir, "progress"))
	if err != nil {
		return err
	}
	last, err := disk.Append(&base.Batch{})
	if err != nil {
		return err
	}
	fmt.Println("running")
	for {
		var batch base.Batch
		for range 1 + rand.IntN(20) {
			last++
			var r base.Record
			if err := r.Capture(zapcore.Entry{Message: fmt.Sprint(last)}, base.Context{}, nil); err != nil {
				return err
			}
			batch.Add(r.Bytes())
		}
		for {
			number, err := disk.Append(&batch)
			if err == nil && number == last {
				break
			}
			time.Sleep(time.Millisecond) // it is full
		}
		atomic.StoreUint64(&progress[0], last) // accepted
	}
}

// TestKillOfADisk is TestKill for the engine on a disk.
func TestKillOfADisk(t *testing.T) {
	dir := t.TempDir()
	last, copies := uint64(0), 0
	var accepted []uint64
	for round := range rounds(6) {
		accepted = append(accepted, killed(t, dir, round, victimEngine+"=disk")[0])
	}
	for _, line := range drained(t, dir, "d", victimEngine+"=disk") {
		line, whole := strings.CutSuffix(line, ";")
		if !whole {
			continue
		}
		number, err := strconv.ParseUint(line, 10, 64)
		require.NoError(t, err)
		if number <= last {
			copies++
			continue
		}
		require.Equal(t, last+1, number, "in order, and none is missing")
		last = number
	}
	for _, number := range accepted {
		require.GreaterOrEqual(t, last, number)
	}
	t.Logf("%d rounds, %d records, %d copies", len(accepted), last, copies)
	require.LessOrEqual(t, copies, 2048*len(accepted))
}

// checkDelivered requires that every record up to the accepted ones is among the lines, and that those of a producer come in order but
// for copies: a step back leads to where lines begin that were there before.
func checkDelivered(t *testing.T, name string, lines []string, accepted [][producers]uint64) {
	t.Helper()
	var last [producers]struct{ round, number uint64 }
	copies, total := 0, uint64(0)
	for _, line := range lines {
		line, whole := strings.CutSuffix(line, ";")
		if !whole {
			continue // the target's own, cut short by the kill
		}
		var round, p, number uint64
		_, err := fmt.Sscan(line, &round, &p, &number)
		require.NoError(t, err, "target %s: %q", name, line)
		at := &last[p]
		switch {
		case round == at.round && number == at.number+1:
			at.number = number
		case round > at.round && number == 1:
			require.GreaterOrEqual(t, at.number, accepted[at.round][p], "target %s, round %d, producer %d: all that was accepted", name, at.round, p)
			for skipped := at.round + 1; skipped < round; skipped++ {
				require.Zero(t, accepted[skipped][p], "target %s, round %d, producer %d", name, skipped, p)
			}
			at.round, at.number = round, 1
		default:
			require.True(t, round < at.round || round == at.round && number <= at.number,
				"target %s, producer %d: %d %d follows %d %d", name, p, round, number, at.round, at.number)
			copies++
		}
	}
	for p := range last {
		for round := last[p].round + 1; round < uint64(len(accepted)); round++ {
			require.Zero(t, accepted[round][p], "target %s, round %d, producer %d", name, round, p)
		}
		require.GreaterOrEqual(t, last[p].number, accepted[last[p].round][p], "target %s, the last round, producer %d", name, p)
		for _, upTo := range accepted {
			total += upTo[p]
		}
	}
	require.LessOrEqual(t, copies, 300*len(accepted), "target %s: no more than the batches in hand come twice", name)
	t.Logf("target %s: %d rounds, %d records accepted, %d lines, %d copies", name, len(accepted), total, len(lines), copies)
}
