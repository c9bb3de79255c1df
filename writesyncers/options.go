package writesyncers

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	"example.com/zaphandlers/writesyncers/internal/fsys"
	"example.com/zaphandlers/writesyncers/internal/writer"
	base "example.com/zaphandlers/zapcore"
)

// Mode says what opening does with a file that already exists.
type Mode int

const (
	ModeAppend    Mode = iota // append to it: Python's "a", and the default
	ModeTruncate              // empty it, at the first opening only: Python's "w"
	ModeExclusive             // return an error that wraps fs.ErrExist: Python's "x"
)

const (
	defaultPerm       fs.FileMode = 0o644 // of a new file, less the umask
	defaultFsyncEvery             = time.Second
	defaultFlushEvery             = time.Second

	maxBuffer = 1 << 30 // more is a mistake, and would end the process
)

// options are the fields that the Configs of all files have in common.
type options struct {
	path       string
	mode       Mode
	delay      bool
	perm       fs.FileMode
	makeDirs   bool
	encode     func(dst, src []byte) ([]byte, error)
	header     string
	fsync      FsyncPolicy
	fsyncEvery time.Duration
	buffer     int
	flushEvery time.Duration
	symlink    string
	shared     bool
	onError    func(error)
}

// config checks the options and fills in the defaults.
func (o options) config() (writer.Config, error) {
	if err := o.check(); err != nil {
		return writer.Config{}, err
	}
	path, err := filepath.Abs(o.path)
	if err != nil {
		return writer.Config{}, fmt.Errorf("writesyncers: Path %q: %w", o.path, err)
	}
	if o.symlink != "" {
		link, err := filepath.Abs(o.symlink)
		switch {
		case err != nil:
			return writer.Config{}, fmt.Errorf("writesyncers: Symlink %q: %w", o.symlink, err)
		case link == path:
			return writer.Config{}, fmt.Errorf("writesyncers: Symlink %s is Path itself: give the link a name of its own", o.symlink)
		}
		o.symlink = link
	}
	cfg := writer.Config{
		Path: path, Delay: o.delay, MakeDirs: o.makeDirs, Encode: o.encode, Header: []byte(o.header),
		File: appendfile.Options{Perm: cmp.Or(o.perm, defaultPerm), LineEnd: []byte{'\n'}, Shared: o.shared},
		Sync: writer.SyncPolicy(o.fsync), SyncEvery: cmp.Or(o.fsyncEvery, defaultFsyncEvery),
		Buffer: o.buffer, FlushEvery: cmp.Or(o.flushEvery, defaultFlushEvery), Symlink: o.symlink,
		Report: base.NewReporter("writesyncers", o.onError),
	}
	switch o.mode {
	case ModeTruncate:
		cfg.Flags = os.O_TRUNC
	case ModeExclusive:
		cfg.Flags = os.O_EXCL
	}
	return cfg, encodeFixed(&cfg)
}

// check returns an error that names the first field with a bad value, or with one that would have no effect.
func (o *options) check() error {
	switch {
	case o.path == "":
		return errors.New("writesyncers: Path is required")
	case strings.ContainsRune(o.path, 0):
		return fmt.Errorf("writesyncers: Path %q contains NUL", o.path)
	case os.IsPathSeparator(o.path[len(o.path)-1]):
		return fmt.Errorf("writesyncers: Path %q is that of a directory: write that of a file", o.path)
	case strings.ContainsRune(o.symlink, 0):
		return fmt.Errorf("writesyncers: Symlink %q contains NUL", o.symlink)
	case o.mode < ModeAppend || o.mode > ModeExclusive:
		return fmt.Errorf("writesyncers: Mode %d is unknown: there are ModeAppend, ModeTruncate and ModeExclusive", o.mode)
	case o.perm&^fs.ModePerm != 0:
		return fmt.Errorf("writesyncers: Perm %v has bits beyond the permissions; write 0o640", o.perm)
	case o.fsync < FsyncOnSync || o.fsync > FsyncEach:
		return fmt.Errorf("writesyncers: Fsync %d is unknown: there are FsyncOnSync, FsyncNever, FsyncOnRotate, FsyncInterval and FsyncEach", o.fsync)
	case o.fsyncEvery < 0:
		return fmt.Errorf("writesyncers: FsyncEvery %v is negative", o.fsyncEvery)
	case o.fsyncEvery != 0 && o.fsync != FsyncInterval:
		return errors.New("writesyncers: FsyncEvery has an effect only with Fsync: FsyncInterval")
	case o.buffer < 0:
		return fmt.Errorf("writesyncers: Buffer %d is negative", o.buffer)
	case o.buffer > maxBuffer:
		return fmt.Errorf("writesyncers: Buffer %d is more than %d: it is memory, taken at once; a few MiB are many", o.buffer, maxBuffer)
	case o.buffer > 0 && o.fsync == FsyncEach:
		return errors.New("writesyncers: Buffer and Fsync FsyncEach exclude each other")
	case o.flushEvery != 0 && o.buffer == 0:
		return errors.New("writesyncers: FlushEvery has an effect only with a Buffer")
	}
	if err := checkDuration("FsyncEvery", o.fsyncEvery, time.Millisecond); err != nil {
		return err
	}
	return checkDuration("FlushEvery", o.flushEvery, time.Millisecond)
}

// checkDuration refuses a duration shorter than least: most likely a number without a unit, which Go reads as nanoseconds.
func checkDuration(field string, d, least time.Duration) error {
	if d <= 0 || d >= least {
		return nil
	}
	return fmt.Errorf("writesyncers: %s %v is too short, the least is %v: a number without a unit is one of nanoseconds; write %d*time.Second, or %[4]d*24*time.Hour for days",
		field, d, least, d.Nanoseconds())
}

// encodeFixed encodes the line end and the header, once.
func encodeFixed(cfg *writer.Config) error {
	if n := len(cfg.Header); n > 0 && cfg.Header[n-1] != '\n' {
		cfg.Header = append(cfg.Header, '\n')
	}
	if cfg.Encode == nil {
		return nil
	}
	err := guard(func() (err error) {
		if cfg.File.LineEnd, err = cfg.Encode(nil, cfg.File.LineEnd); err == nil && len(cfg.Header) > 0 {
			cfg.Header, err = cfg.Encode(nil, cfg.Header)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("writesyncers: Encode refuses the Header or a line end: %w", err)
	}
	return nil
}

// guard runs the user's code and turns a panic into an error.
func guard(user func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return user()
}

// resolveLinks follows a path that is a symbolic link to the file, which need not exist yet. Rotation works on the file: to rename
// the link would leave the file where it is.
func resolveLinks(path string) (string, error) {
	for range fsys.LinksMax {
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		if path, err = fsys.Readlink(path); err != nil {
			return "", fmt.Errorf("writesyncers: Path: %w", err)
		}
	}
	return "", fmt.Errorf("writesyncers: Path %s: too many symbolic links", path)
}

// neverRotated reports whether path names an open descriptor or a device, or is a link to one. /dev/stdout may well lead to a regular
// file, but that file belongs to whoever redirected the output.
func neverRotated(path string) bool {
	at, err := path, error(nil)
	for links := 0; err == nil && links <= fsys.LinksMax; links++ {
		for _, prefix := range []string{"/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/"} {
			if strings.HasPrefix(at, prefix) {
				return true
			}
		}
		at, err = fsys.Readlink(at)
	}
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}
