package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"example.com/zaphandlers/writesyncers"
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
)

// watchedFile is a file that somebody else rotates, as logrotate with compress does, while records are written to it:
// renamed, read to its end, removed. A record that comes to a renamed file after that is lost.
//
//	records     128       256        512              1024 …
//	        ──────┼─────────┼──────────┼────────────────┼───►
//	app.log  ► archived.128  archived.256  archived.512
//
// Each rotation comes after twice as many records as the one before, so that a run of any length has its last one in its second half. After
// every other rotation logrotate makes the new file (create), after the others the writer does (nocreate).
type watchedFile struct {
	file      *writesyncers.WatchedFile
	dir, path string
	written   atomic.Uint64

	archiving sync.WaitGroup
	mu        sync.Mutex // guards the field below
	failed    error      // what went wrong with archiving
}

const (
	// firstRotation is after how many records. It is a power of two.
	firstRotation = 128
	// reading is when the renamed file is read: logrotate starts gzip first. A WatchedFile trusts that it takes 0.3 ms.
	reading = time.Millisecond
)

func (d *watchedFile) open(dir string) (zapcore.Core, error) {
	if runtime.GOOS == "windows" {
		return nil, fmt.Errorf("%w: nobody renames an open file on Windows", errors.ErrUnsupported)
	}
	d.dir, d.path = dir, filepath.Join(dir, "app.log")
	var err error
	if d.file, err = writesyncers.NewWatchedFile(writesyncers.WatchedFileConfig{Path: d.path}); err != nil {
		return nil, err
	}
	core := zapcore.NewCore(newEncoder(), d.file, zapcore.DebugLevel)
	return zapcore.RegisterHooks(core, func(zapcore.Entry) error { return d.count() }), nil
}

// count counts a record that was written, and rotates when it is time. The others go on writing meanwhile.
func (d *watchedFile) count() error {
	n := d.written.Add(1)
	if n < firstRotation || n&(n-1) != 0 {
		return nil
	}
	renamed := fmt.Sprint(d.path, ".", n)
	err := os.Rename(d.path, renamed)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no record since the last time, and so no file
	}
	if err != nil {
		return err
	}
	d.archiving.Go(func() { d.archive(renamed, filepath.Join(d.dir, fmt.Sprint("archived.", n))) })
	if bits.Len64(n)%2 != 0 {
		return nil
	}
	file, err := os.OpenFile(d.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil // the writer was faster
	} else if err != nil {
		return err
	}
	return file.Close()
}

// archive puts what is in a file into another, and removes it.
func (d *watchedFile) archive(from, to string) {
	time.Sleep(reading)
	err := multierr.Append(copyFile(from, to), os.Remove(from))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed = multierr.Append(d.failed, err)
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	dst, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return multierr.Append(err, dst.Close())
}

func (d *watchedFile) close() error {
	d.archiving.Wait()
	return multierr.Append(d.failed, d.file.Close())
}

func (d *watchedFile) stats() base.Stats { return d.file.Stats().Stats }

// readBack may find records twice: when a WatchedFile cannot know whether the renamed file has been read already, it writes them to both.
func (d *watchedFile) readBack(t *tally) error {
	t.repeated = d.file.Stats().Repeated
	return multierr.Append(t.readFiles(filepath.Join(d.dir, "archived.*")), t.readFile(d.path))
}
