package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func findWine() (string, error) {
	for _, name := range []string{os.Getenv("ZAPHANDLERS_WINE"), "wine64", "/usr/lib/wine/wine64"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("wine64 is not installed")
}

// command is exec.Command with our own standard streams.
func command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd
}

// bootTime is the longest that wine may take to make a prefix. 9 s is usual.
const bootTime = 5 * time.Minute

// makePrefix returns a wine prefix that Go programs run in, and makes it if there is none. Only one process at a time makes it.
func makePrefix(wine string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	prefix := filepath.Join(cache, "zaphandlers", "wine")
	if err := os.MkdirAll(prefix, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(prefix + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	library := filepath.Join(prefix, "drive_c", "windows", "system32", forwarderFile)
	if _, err := os.Stat(library); err == nil {
		return prefix, nil
	}
	fmt.Fprintf(os.Stderr, "wine: making a Windows installation in %s\n", prefix)
	ctx, cancel := context.WithTimeout(context.Background(), bootTime)
	defer cancel()
	boot := exec.CommandContext(ctx, wine, "wineboot", "--init")
	boot.Env = append(os.Environ(), "WINEPREFIX="+prefix, "WINEDEBUG=-all", "DISPLAY=", "WINEDLLOVERRIDES=mscoree,mshtml=")
	if out, err := boot.CombinedOutput(); err != nil {
		return "", fmt.Errorf("wineboot: %w\n%s", err, out)
	}
	// The library is written last: if it is there, the prefix is complete.
	return prefix, os.WriteFile(library, forwarder(), 0o644)
}

// execTest runs one test binary under wine, its standard error in a file until it ends.
func execTest(binary string, args []string) error {
	trace, err := os.CreateTemp("", "wine-*.trace")
	if err != nil {
		return err
	}
	defer func() {
		_ = trace.Close()
		_ = os.Remove(trace.Name())
	}()
	cmd := command(os.Getenv("ZAPHANDLERS_WINE"), append([]string{binary}, args...)...)
	cmd.Env = append(os.Environ(), "ZAPHANDLERS_WINE_TRACE=Z:"+strings.ReplaceAll(trace.Name(), "/", `\`))
	cmd.Stderr = trace
	endTogether(cmd)
	err = cmd.Run()
	return errors.Join(err, copyErrors(trace))
}

// copyErrors passes on what the program itself wrote to standard error.
func copyErrors(trace *os.File) error {
	if _, err := trace.Seek(0, io.SeekStart); err != nil {
		return err
	}
	lines := bufio.NewScanner(trace)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if !strings.Contains(lines.Text(), ":eventlog:") {
			fmt.Fprintln(os.Stderr, lines.Text())
		}
	}
	return lines.Err()
}
