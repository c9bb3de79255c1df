package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"example.com/zaphandlers/writesyncers"
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/zap/zapcore"
)

// watchedFile is a file that somebody else rotates, as logrotate does, while records are written to it:
//
//	records     128    256      512              1024 …
//	        ──────┼──────┼────────┼────────────────┼───►
//	app.log  ► app.log.128  app.log.256  app.log.512
//
// By then as many again are written each time, so a run of any length has its last rotation in its second half. After every
// other one logrotate makes the new file (create), after the rest the writer does (nocreate).
type watchedFile struct {
	file    *writesyncers.WatchedFile
	path    string
	written atomic.Uint64
}

// firstRename is how many records are written before the first rotation. It is a power of two.
const firstRename = 128

func (d *watchedFile) open(dir string) (zapcore.Core, error) {
	if runtime.GOOS == "windows" {
		return nil, fmt.Errorf("%w: nobody renames an open file on Windows", errors.ErrUnsupported)
	}
	d.path = filepath.Join(dir, "app.log")
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
	if n < firstRename || n&(n-1) != 0 {
		return nil
	}
	err := os.Rename(d.path, fmt.Sprint(d.path, ".", n))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no record since the last time, and so no file
	}
	if err != nil || bits.Len64(n)%2 != 0 {
		return err
	}
	file, err := os.OpenFile(d.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil // the writer was faster
	} else if err != nil {
		return err
	}
	return file.Close()
}

func (d *watchedFile) close() error { return d.file.Close() }

func (d *watchedFile) stats() base.Stats { return d.file.Stats().Stats }

// readBack expects twice what a WatchedFile, to be sure, wrote to the file before the rotation and to the one after it.
func (d *watchedFile) readBack(t *tally) error {
	t.repeated = d.file.Stats().Repeated
	return t.readFiles(d.path + "*")
}
