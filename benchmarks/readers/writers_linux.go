package main

import (
	_ "embed"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"go.uber.org/multierr"
	"gopkg.in/natefinch/lumberjack.v2"

	"example.com/zaphandlers/writesyncers"
)

// writers are the plain ones, ours, and the others.
func writers() []writer {
	return []writer{
		{name: plainNumbered, open: openPlain(plainFile{})},
		{name: plainGzip, open: openPlain(plainFile{gzip: true})},
		{name: plainDated, open: openPlain(plainFile{dated: true})},
		{name: "RotatingFile", plain: plainNumbered, open: openRotating(writesyncers.RotatingFileConfig{})},
		{name: "RotatingFile gzip", plain: plainGzip, open: openRotating(writesyncers.RotatingFileConfig{Compress: writesyncers.Gzip})},
		{name: "RotatingFile Shared", plain: plainNumbered, open: openRotating(writesyncers.RotatingFileConfig{Shared: true})},
		{name: "RotatingFile Shared × 2", open: openPair}, // has no plain one: who shares a file by renaming loses records
		{name: "TimedRotatingFile", plain: plainDated, open: openTimed},
		{name: "lumberjack", open: openLumberjack(false)},
		{name: "lumberjack gzip", open: openLumberjack(true)},
		{name: "Python Rotating", open: openPython("rotating")},
		{name: "Python Rotating gzip", open: openPython("rotating-gzip")},
		{name: "Python Timed", open: openPython("timed")},
	}
}

const (
	plainNumbered = "rename-and-create"
	plainGzip     = "rename-and-create gzip"
	plainDated    = "rename-and-create dated"
)

func openRotating(cfg writesyncers.RotatingFileConfig) func(string, rotation) (io.WriteCloser, error) {
	return func(path string, r rotation) (io.WriteCloser, error) {
		cfg := cfg
		cfg.Path, cfg.MaxBytes, cfg.BackupCount = path, int64(r.limit), r.backups
		return writesyncers.NewRotatingFile(cfg)
	}
}

// pair is two writers of one file, as two processes have, which take turns.
type pair struct {
	writers [2]io.WriteCloser
	turn    int
}

func openPair(path string, r rotation) (io.WriteCloser, error) {
	var p pair
	for i := range p.writers {
		w, err := openRotating(writesyncers.RotatingFileConfig{Shared: true})(path, r)
		if err != nil {
			return nil, multierr.Append(err, p.Close())
		}
		p.writers[i] = w
	}
	return &p, nil
}

func (p *pair) Write(b []byte) (int, error) {
	p.turn = 1 - p.turn
	return p.writers[p.turn].Write(b)
}

func (p *pair) Close() (err error) {
	for _, w := range p.writers {
		if w != nil {
			err = multierr.Append(err, w.Close())
		}
	}
	return err
}

func openTimed(path string, r rotation) (io.WriteCloser, error) {
	return writesyncers.NewTimedRotatingFile(writesyncers.TimedRotatingFileConfig{
		Path: path, When: "S", Interval: r.seconds(), BackupCount: r.backups,
	})
}

// seconds is r.every for writers that know no shorter time.
func (r rotation) seconds() int { return max(1, int(r.every.Round(time.Second)/time.Second)) }

// counted rotates a lumberjack where the others do: it knows megabytes only.
type counted struct {
	*lumberjack.Logger
	size, limit int
}

func openLumberjack(gzip bool) func(string, rotation) (io.WriteCloser, error) {
	return func(path string, r rotation) (io.WriteCloser, error) {
		return &counted{
			Logger: &lumberjack.Logger{Filename: path, MaxSize: 1 << 20, MaxBackups: r.backups, Compress: gzip},
			limit:  r.limit,
		}, nil
	}
}

func (c *counted) Write(p []byte) (int, error) {
	if c.size+len(p) > c.limit {
		if err := c.Rotate(); err != nil {
			return 0, err
		}
		c.size = 0
	}
	c.size += len(p)
	return c.Logger.Write(p)
}

//go:embed programs/write.py
var pythonWriter string

// python is a handler of Python's logging in a process of its own, which logs the lines of its standard input.
type python struct {
	io.WriteCloser
	cmd *exec.Cmd
}

func openPython(kind string) func(string, rotation) (io.WriteCloser, error) {
	return func(path string, r rotation) (io.WriteCloser, error) {
		cmd := exec.Command("python3", "-c", pythonWriter, kind, path, strconv.Itoa(r.limit), strconv.Itoa(r.backups), strconv.Itoa(r.seconds()))
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		return python{in, cmd}, cmd.Start()
	}
}

func (p python) Close() error { return multierr.Append(p.WriteCloser.Close(), p.cmd.Wait()) }
