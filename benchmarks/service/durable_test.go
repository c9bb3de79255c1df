package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain makes the test's binary the program for tests that kill it.
func TestMain(m *testing.M) {
	if args := os.Getenv("SERVICE_CHILD"); args != "" {
		os.Args = append([]string{"service"}, strings.Fields(args)...)
		main()
	}
	os.Exit(m.Run())
}

// child is the program with these arguments, as a process of its own.
func child(args string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SERVICE_CHILD="+args)
	out := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = out, out
	return cmd, out
}

// A durable run is killed in the middle several times, and finishes: each record is in each destination.
func TestADurableRunThatIsKilled(t *testing.T) {
	for name, engine := range map[string]string{"files": "", "jetstream": " -nats embedded"} {
		t.Run(name, func(t *testing.T) {
			kills := 2
			if text := os.Getenv("ZAPHANDLERS_KILLS"); text != "" {
				kills, _ = strconv.Atoi(text)
			}
			dir := t.TempDir()
			requests := 2000 * (kills + 1)
			args := fmt.Sprintf("-durable %s -requests %d%s", dir, requests, engine)
			for range kills {
				before := confirmedIn(dir)
				cmd, out := child(args)
				require.NoError(t, cmd.Start())
				require.Eventually(t, func() bool {
					return confirmedIn(dir) >= before+300
				}, 60*time.Second, time.Millisecond, "%s", out)
				require.NoError(t, cmd.Process.Kill())
				require.ErrorContains(t, cmd.Wait(), "killed", "%s", out)
			}
			cmd, out := child(args)
			require.NoError(t, cmd.Run(), "%s", out)
			assert.Contains(t, out.String(), fmt.Sprintf("after %d starts every record is in every destination", kills+1))
			for _, destination := range []string{"rotating file", "TCP server → file"} {
				assert.Regexp(t, regexp.MustCompile(`(?m)^engine → `+destination+` +`+thousands(uint64(requests))+` +[\d,]+ +0 +`), out.String())
			}
		})
	}
}

// confirmedIn returns up to which record the run in dir has confirmed.
func confirmedIn(dir string) (n int) {
	text, err := os.ReadFile(filepath.Join(dir, "ledger"))
	if err == nil {
		var total, starts int
		_, _ = fmt.Sscan(string(text), &total, &starts, &n)
	}
	return n
}

// A run finds out what is not in its destinations, and what was confirmed and is not in the engine.
func TestADurableRunFindsWhatIsLost(t *testing.T) {
	dir := t.TempDir()
	args := []string{"-durable", dir, "-requests", "300"}
	var out bytes.Buffer
	require.Zero(t, command(t.Context(), args, &out, &out), "%s", &out)

	log := filepath.Join(dir, "tcp", "app.log")
	text, err := os.ReadFile(log)
	require.NoError(t, err)
	lines := strings.SplitAfter(string(text), "\n")
	require.NoError(t, os.WriteFile(log, []byte(strings.Join(lines[3:], "")), 0o600))
	out.Reset()
	require.Equal(t, 1, command(t.Context(), args, &out, &out), "%s", &out)
	require.Contains(t, out.String(), "engine → TCP server → file: 3 records: missing")

	require.NoError(t, os.RemoveAll(filepath.Join(dir, "queue")))
	out.Reset()
	require.Equal(t, 1, command(t.Context(), args, &out, &out), "%s", &out)
	require.Contains(t, out.String(), "300 records confirmed and not in the engine")
}

func TestFlagsOfADurableRun(t *testing.T) {
	for want, args := range map[string][]string{
		"-nats goes with -durable": {"-nats", "embedded"},
		"reads no -input":          {"-durable", "x", "-input", "y"},
	} {
		var out bytes.Buffer
		require.Equal(t, 2, command(t.Context(), args, &out, &out))
		require.Contains(t, out.String(), want)
	}
}
