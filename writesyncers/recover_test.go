//go:build unix

package writesyncers

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"example.com/zaphandlers/writesyncers/internal/backups"
	"example.com/zaphandlers/writesyncers/internal/fsys"
	"example.com/zaphandlers/writesyncers/internal/rotation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The child processes that tests make of the test binary: what they do is in the environment.
const childEnv = "WRITESYNCERS_TEST_CHILD"

var children = map[string]func() error{"crash": crashChild, "stdout": stdoutChild}

func TestMain(m *testing.M) {
	if child := os.Getenv(childEnv); child != "" {
		if err := children[child](); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child returns the command that runs a child process.
func child(t *testing.T, name string, env ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(append(os.Environ(), childEnv+"="+name), env...)
	cmd.Stderr = os.Stderr
	return cmd
}

// crashChild writes numbered records and says the number of each that was accepted, until the step named in the
// environment comes for the third time: there it is killed, as by kill -9.
func crashChild() error {
	step, times := os.Getenv("CRASH_STEP"), 0
	rotation.Step = func(name string) {
		if name == step {
			if times++; times == 3 {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
	}
	if os.Getenv("CRASH_LINK") == "no" {
		rotation.LinkFile = func(string, string) error { return errors.ErrUnsupported }
	}
	f, err := NewRotatingFile(crashConfig())
	if err != nil {
		return err
	}
	for i := range 100000 {
		if _, err := fmt.Fprintf(f, "record %d\n", i); err != nil {
			return err
		}
		fmt.Println(i)
	}
	return f.Close()
}

func crashConfig() RotatingFileConfig {
	cfg := RotatingFileConfig{Path: os.Getenv("CRASH_PATH"), MaxBytes: 200, BackupCount: 3, Header: "header", Fsync: FsyncNever}
	if os.Getenv("CRASH_COMPRESS") == "yes" {
		cfg.Compress, cfg.BackupCount = Gzip, -1
	}
	return cfg
}

func TestKilledAtAnyStep(t *testing.T) {
	for _, tt := range []struct{ step, links, compress string }{
		{"created", "yes", "no"},
		{"linked", "yes", "no"},
		{"exchanged", "yes", "no"},
		{"shifted", "yes", "no"},
		{"made room", "yes", "no"},
		{"named", "yes", "no"},
		{"gap", "no", "no"},
		{"exchanged", "no", "no"},
		{"compressing", "yes", "yes"},
		{"compressed", "yes", "yes"},
		{"published", "yes", "yes"},
		{"named", "yes", "yes"},
	} {
		t.Run(fmt.Sprintf("%s, links %s, compress %s", tt.step, tt.links, tt.compress), func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "app.log")
			t.Setenv("CRASH_PATH", path)
			t.Setenv("CRASH_COMPRESS", tt.compress)
			accepted := runCrash(t, tt.step, tt.links)

			cfg := crashConfig()
			restart(t, cfg, func(cfg RotatingFileConfig) (writeCloser, error) { return NewRotatingFile(cfg) })
			checkCrash(t, dir, accepted, cfg)
		})
	}
}

// The next start has other settings: what was compressed before the crash is not named once more.
func TestKilledAndOtherSettingsAfterwards(t *testing.T) {
	for _, step := range []string{"linked", "exchanged", "compressing", "compressed", "published", "named"} {
		for name, open := range map[string]func(cfg RotatingFileConfig) (writeCloser, error){
			"dated": func(cfg RotatingFileConfig) (writeCloser, error) {
				return NewTimedRotatingFile(TimedRotatingFileConfig{Path: cfg.Path, MaxBytes: cfg.MaxBytes, Header: cfg.Header, OnError: cfg.OnError})
			},
			"plain": func(cfg RotatingFileConfig) (writeCloser, error) {
				cfg.Compress = ""
				return NewRotatingFile(cfg)
			},
			"a Namer": func(cfg RotatingFileConfig) (writeCloser, error) {
				cfg.Namer = func(name string) string { return name + ".old" }
				return NewRotatingFile(cfg)
			},
		} {
			t.Run(step+", "+name, func(t *testing.T) {
				dir := t.TempDir()
				t.Setenv("CRASH_PATH", filepath.Join(dir, "app.log"))
				t.Setenv("CRASH_COMPRESS", "yes")
				accepted := runCrash(t, step, "yes")
				cfg := crashConfig()
				restart(t, cfg, open)
				checkCrash(t, dir, accepted, cfg)
			})
		}
	}
}

// restart opens the file after a crash, writes a record and closes it. On a machine so busy that Close cannot wait for all that was left,
// and says so, the next start does the rest.
func restart(t *testing.T, cfg RotatingFileConfig, open func(cfg RotatingFileConfig) (writeCloser, error)) {
	t.Helper()
	var late atomic.Bool
	cfg.OnError = func(err error) {
		if errors.Is(err, backups.ErrAborted) {
			late.Store(true)
		} else if !late.Load() {
			assert.NoError(t, err, "told to OnError")
		}
	}
	for record := "after the crash\n"; ; record = "" {
		f, err := open(cfg)
		require.NoError(t, err)
		write(t, f, record)
		if err = f.Close(); err != nil {
			require.ErrorContains(t, err, "takes too long")
		} else if !late.Swap(false) {
			return
		}
	}
}

// runCrash runs the child until it is killed and returns the number of the last record it was told is written.
func runCrash(t *testing.T, step, links string) int {
	t.Helper()
	cmd := child(t, "crash", "CRASH_STEP="+step, "CRASH_LINK="+links)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	last := -1
	for lines := bufio.NewScanner(out); lines.Scan(); {
		_, err := fmt.Sscan(lines.Text(), &last)
		require.NoError(t, err)
	}
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal(), "the step %q was never reached", step)
	return last
}

// checkCrash wants every accepted record once, the newest without a gap, and nothing left over.
func checkCrash(t *testing.T, dir string, accepted int, cfg RotatingFileConfig) {
	t.Helper()
	seen := map[string]int{}
	for _, name := range names(t, dir) {
		assert.False(t, strings.HasPrefix(name, "."), "left over: %s", name)
		text := plain(t, filepath.Join(dir, name))
		assert.True(t, strings.HasPrefix(text, "header\n"), name)
		assert.True(t, strings.HasSuffix(text, "\n"), name)
		for line := range strings.Lines(text) {
			seen[line]++
		}
	}
	assert.Equal(t, 1, seen["after the crash\n"])
	oldest := 0
	if cfg.BackupCount > 0 { // three full files are kept at the least, of 12 records or more
		oldest = max(0, accepted-3*12)
	}
	for i := oldest; i <= accepted; i++ {
		assert.Equal(t, 1, seen[fmt.Sprintf("record %d\n", i)], "record %d of %d", i, accepted)
	}
}

func TestRecoverLeavesTheFilesOfTheLivingAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	living, err := NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 2 << 20, BackupCount: 2, OnError: unexpected(t)})
	require.NoError(t, err)
	write(t, living, strings.Repeat("x", 1<<20)+"\n", strings.Repeat("y", 800<<10)+"\n")
	write(t, living, "past seven eighths\n")
	next := func() bool {
		found, err := filepath.Glob(filepath.Join(dir, ".app.log.rotation", "next-*"))
		require.NoError(t, err)
		return len(found) == 1 && fsys.Held(found[0])
	}
	require.Eventually(t, next, 5*time.Second, time.Millisecond, "the next file, opened ahead")

	other, err := NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 2 << 20, BackupCount: 2, OnError: unexpected(t)})
	require.NoError(t, err)
	require.NoError(t, other.Close())
	assert.True(t, next(), "%v", names(t, dir))
	require.NoError(t, living.Close())
	assert.Equal(t, []string{"app.log"}, names(t, dir))
}
