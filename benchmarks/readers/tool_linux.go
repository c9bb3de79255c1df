package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// tool is a reader of log files.
type tool struct {
	name    string
	missing error  // why it cannot be had here
	version string // in the words of the tool

	// command follows f.log. What it prints to standard output, or to f.printed, is searched.
	command func(f folder) (*exec.Cmd, error)

	number *regexp.Regexp // finds the number of a record in what is printed; nil: the record itself
	slack  float64        // how much of all records it may lose at random, whoever rotates
}

// folder is where a tool works.
type folder struct {
	log     string // the file that is followed
	work    string // for the tool's own files
	printed string // what the tool prints
}

// follower is a tool at work.
type follower struct {
	tool
	folder
	cmd    *exec.Cmd
	stderr *os.File
	seen   *seen
}

var record = regexp.MustCompile(`W (\d{7}) x{80}`)

// follow starts a tool that follows log.
func follow(t tool, log, work string) (f *follower, err error) {
	f = &follower{tool: t, folder: folder{log: log, work: work, printed: filepath.Join(work, "printed")}}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return nil, err
	}
	if f.cmd, err = t.command(f.folder); err != nil {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	out, err := os.OpenFile(f.printed, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }() // the process has it
	f.stderr, err = os.Create(filepath.Join(work, "stderr"))
	if err != nil {
		return nil, err
	}
	f.cmd.Stdout, f.cmd.Stderr = out, f.stderr
	f.cmd.Dir = work
	f.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := f.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	number := t.number
	if number == nil {
		number = record
	}
	f.seen = newSeen(f.printed, number)
	return f, nil
}

// stop ends the tool, and all that it has started.
func (f *follower) stop() {
	group := -f.cmd.Process.Pid
	_ = syscall.Kill(group, syscall.SIGTERM)
	killed := time.AfterFunc(3*time.Second, func() { _ = syscall.Kill(group, syscall.SIGKILL) })
	_ = f.cmd.Wait()
	killed.Stop()
	_ = syscall.Kill(group, syscall.SIGKILL)
	_ = f.stderr.Close()
}

// complaint is the end of what the tool said on standard error.
func (f *follower) complaint() string {
	text, _ := os.ReadFile(filepath.Join(f.work, "stderr"))
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

// chosenTools returns those that a flag names and that are there.
func chosenTools(cfg config) (some []tool) {
	for _, t := range tools(cfg) {
		if chosen(t.name, cfg.tools) {
			some = append(some, t)
		}
	}
	return some
}

// installed completes a tool with what its program says about its version, or with the reason why there is none.
func installed(t tool, program string, version ...string) tool {
	path, err := exec.LookPath(program)
	if err != nil {
		t.missing = fmt.Errorf("%s is not installed", program)
		return t
	}
	if len(version) > 0 {
		t.version, t.missing = versionOf(path, version...)
	}
	return t
}

// versionOf returns the first line that a program prints.
func versionOf(program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return "", err
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if err != nil && strings.Contains(line, "rror") {
		return "", errors.New(line)
	}
	return line, nil
}
