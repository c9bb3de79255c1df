package files

import (
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"go.uber.org/multierr"

	"example.com/zaphandlers/writesyncers"
)

// writer is one that is measured.
type writer struct {
	name string
	open func(path string, r rotation) (io.WriteCloser, error)
}

// rotation says when a writer rotates.
type rotation struct {
	limit   int64 // bytes in a file
	backups int   // that are kept
}

// never is the rotation of a file that is not going to.
var never = rotation{limit: 1 << 40, backups: 5}

func (r rotation) megabytes() int { return int(r.limit >> 20) }

// floor is what all others are compared with: one system call a record.
var floor = writer{"os.File.Write", func(path string, _ rotation) (io.WriteCloser, error) { return create(path) }}

// floorAgain is the same, measured a second time: what lies between the two is no writer's.
var floorAgain = writer{"os.File.Write, once more", floor.open}

func create(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
}

// bufferSize is that of every buffer here: what zap's is by default.
const bufferSize = 256 << 10

// bufferFloor is the least that a buffer costs: records are copied, and what has come together is written by one system
// call. It has no lock.
var bufferFloor = writer{"memcpy, a write per 256 KiB", func(path string, _ rotation) (io.WriteCloser, error) {
	f, err := create(path)
	return &copier{f: f, b: make([]byte, 0, bufferSize)}, err
}}

type copier struct {
	f *os.File
	b []byte
}

func (c *copier) Write(p []byte) (int, error) {
	if len(c.b)+len(p) > cap(c.b) {
		if _, err := c.f.Write(c.b); err != nil {
			return 0, err
		}
		c.b = c.b[:0]
	}
	c.b = append(c.b, p...)
	return len(p), nil
}

func (c *copier) Close() error {
	_, err := c.f.Write(c.b)
	if closeErr := c.f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// lockedFloor is the least for a buffer that goroutines may share.
var lockedFloor = writer{"memcpy under a mutex, a write per 256 KiB", func(path string, r rotation) (io.WriteCloser, error) {
	c, err := bufferFloor.open(path, r)
	return &locked{WriteCloser: c}, err
}}

type locked struct {
	sync.Mutex
	io.WriteCloser
}

func (l *locked) Write(p []byte) (int, error) {
	l.Lock()
	defer l.Unlock()
	return l.WriteCloser.Write(p)
}

// renameFloor is the least for a write that rotates if the path is to lead to a file at any time: a link, a rename, and the first
// write to the file that was opened long before. It asks for nothing: neither whether the path still leads to its file, nor for a lock, nor
// who may read the file that goes.
var renameFloor = writer{"link, rename and write, no more", func(path string, r rotation) (io.WriteCloser, error) {
	f, err := create(path)
	return &renamer{f: f, path: path, limit: r.limit}, err
}}

type renamer struct {
	path        string
	limit, size int64
	f, next     *os.File
	n           int
}

func (r *renamer) Write(p []byte) (int, error) {
	switch r.size += int64(len(p)); {
	case r.size >= r.limit:
		out := r.path + ".out" + strconv.Itoa(r.n)
		if err := multierr.Append(os.Link(r.path, out), os.Rename(r.path+".next", r.path)); err != nil {
			return 0, err
		}
		r.f, r.next, r.size = r.next, r.f, int64(len(p))
		r.n++
	case r.next == nil || r.size == r.limit/int64(len(p))/2*int64(len(p)):
		if r.next != nil {
			_ = r.next.Close() // the one before
		}
		var err error
		if r.next, err = create(r.path + ".next"); err != nil {
			return 0, err
		}
	}
	return r.f.Write(p)
}

func (r *renamer) Close() error {
	if r.next != nil {
		_ = r.next.Close()
	}
	return r.f.Close()
}

// Ours are this module's.
var (
	file = writer{"File", func(path string, _ rotation) (io.WriteCloser, error) {
		return writesyncers.NewFile(writesyncers.FileConfig{Path: path})
	}}
	rotating = writer{"RotatingFile", func(path string, r rotation) (io.WriteCloser, error) {
		return openRotating(path, r, writesyncers.RotatingFileConfig{})
	}}
	rotatingGzip = writer{"RotatingFile, gzip", func(path string, r rotation) (io.WriteCloser, error) {
		return openRotating(path, r, writesyncers.RotatingFileConfig{Compress: writesyncers.Gzip})
	}}
	shared = writer{"RotatingFile, Shared", func(path string, r rotation) (io.WriteCloser, error) {
		return openRotating(path, r, writesyncers.RotatingFileConfig{Shared: true})
	}}
	timed = writer{"TimedRotatingFile", func(path string, r rotation) (io.WriteCloser, error) {
		return writesyncers.NewTimedRotatingFile(writesyncers.TimedRotatingFileConfig{
			Path: path, When: "midnight", MaxBytes: r.limit, BackupCount: r.backups,
		})
	}}
	watched = writer{"WatchedFile", func(path string, _ rotation) (io.WriteCloser, error) {
		return writesyncers.NewWatchedFile(writesyncers.WatchedFileConfig{Path: path})
	}}
	watchedEvery = writer{"WatchedFile, CheckEvery 100 ms", func(path string, _ rotation) (io.WriteCloser, error) {
		return writesyncers.NewWatchedFile(writesyncers.WatchedFileConfig{Path: path, CheckEvery: 100 * time.Millisecond})
	}}
	fileBuffer = writer{"File, Buffer 256 KiB", func(path string, _ rotation) (io.WriteCloser, error) {
		return writesyncers.NewFile(writesyncers.FileConfig{Path: path, Buffer: bufferSize})
	}}
)

func openRotating(path string, r rotation, cfg writesyncers.RotatingFileConfig) (io.WriteCloser, error) {
	cfg.Path, cfg.MaxBytes, cfg.BackupCount = path, r.limit, r.backups
	return writesyncers.NewRotatingFile(cfg)
}
