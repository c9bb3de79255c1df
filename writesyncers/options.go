package writesyncers

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Mode says what opening does with a file that is there already.
type Mode int

const (
	ModeAppend    Mode = iota // goes on at its end: Python's "a", and the default
	ModeTruncate              // empties it, once: Python's "w"
	ModeExclusive             // is an error that wraps fs.ErrExist: Python's "x"
)

// defaultPerm is what a new file gets, less the umask.
const defaultPerm fs.FileMode = 0o644

// defaultFsyncEvery is how old an unsynced record gets under FsyncInterval.
const defaultFsyncEvery = time.Second

// options is what all file writers have in common, checked and with defaults in place.
type options struct {
	path       string // absolute
	pathZ      []byte // the same, ending in a NUL, as the system wants it
	mode       Mode
	delay      bool
	perm       fs.FileMode
	makeDirs   bool
	encode     func(dst, src []byte) ([]byte, error)
	lineEnd    []byte // how a line ends in the file, after encode
	header     []byte // what a file begins with, after encode
	fsync      FsyncPolicy
	every      time.Duration // of FsyncInterval
	shared     bool
	symlink    string
	bufferSize int
	flushEvery time.Duration
	buffer     *buffer  // nil: none
	watch      *watcher // nil: the path is looked at only by the roller
	onError    func(error)
}

func (o options) withDefaults() (options, error) {
	if o.path == "" {
		return o, errors.New("writesyncers: Path is required")
	}
	if strings.ContainsRune(o.path, 0) {
		return o, fmt.Errorf("writesyncers: Path %q contains NUL", o.path)
	}
	if o.mode < ModeAppend || o.mode > ModeExclusive {
		return o, fmt.Errorf("writesyncers: Mode %d is unknown", o.mode)
	}
	if o.perm&^fs.ModePerm != 0 {
		return o, fmt.Errorf("writesyncers: Perm %v has bits beyond the permissions", o.perm)
	}
	if o.perm == 0 {
		o.perm = defaultPerm
	}
	if o.fsync < FsyncOnSync || o.fsync > FsyncEach {
		return o, fmt.Errorf("writesyncers: Fsync %d is unknown", o.fsync)
	}
	if o.every < 0 {
		return o, fmt.Errorf("writesyncers: FsyncEvery %v is negative", o.every)
	}
	if o.every == 0 {
		o.every = defaultFsyncEvery
	}
	if err := o.makeBuffer(o.bufferSize, o.flushEvery); err != nil {
		return o, err
	}
	abs, err := filepath.Abs(o.path)
	if err != nil {
		return o, fmt.Errorf("writesyncers: Path %q: %w", o.path, err)
	}
	o.path = abs
	return o.encoded()
}

// encoded asks Encode, once, what a line end and the header look like in the file.
func (o options) encoded() (options, error) {
	o.lineEnd = []byte{'\n'}
	if len(o.header) > 0 && o.header[len(o.header)-1] != '\n' {
		o.header = append(o.header, '\n')
	}
	if o.encode == nil {
		return o, nil
	}
	err := guard(func() (err error) {
		if o.lineEnd, err = o.encode(nil, o.lineEnd); err == nil && len(o.header) > 0 {
			o.header, err = o.encode(nil, o.header)
		}
		return err
	})
	if err != nil {
		return o, fmt.Errorf("writesyncers: Encode refuses the Header or a line end: %w", err)
	}
	return o, nil
}

// target follows a path that is a symbolic link to the file it means, which need not exist yet. Rotation works on that
// file: exchanging or renaming the link itself would leave the file where it is.
func target(path string) (string, error) {
	for range 40 {
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		to, err := os.Readlink(path)
		if err != nil {
			return "", fmt.Errorf("writesyncers: Path: %w", err)
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = filepath.Clean(to)
	}
	return "", fmt.Errorf("writesyncers: Path %s: too many symbolic links", path)
}

// device reports whether path names an open descriptor or a device rather than a file of ours. What is behind
// /dev/stdout may well be a regular file, but it belongs to whoever redirected it there and is never rotated.
func device(path string) bool {
	for _, prefix := range []string{"/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}
