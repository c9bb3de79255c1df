package disklog

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// filesystem is a folder as the log needs it. Tests use one in memory that loses what was not synced.
type filesystem interface {
	names() ([]string, error)
	open(name string) (file, error) // for reading and writing; made if it is missing
	remove(name string) error
	rename(from, to string) error
	sync() error // makes the names of files safe from a loss of power
}

// file is an open file.
type file interface {
	io.ReaderAt
	io.WriterAt
	size() (int64, error)
	truncate(size int64) error
	sync() error
	unlinked() bool // its name was removed
	Close() error
}

// folder is a filesystem on the disk.
type folder string

func (d folder) names() (names []string, err error) {
	entries, err := os.ReadDir(string(d))
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func (d folder) open(name string) (file, error) {
	f, err := os.OpenFile(filepath.Join(string(d), name), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

func (d folder) remove(name string) error {
	err := os.Remove(filepath.Join(string(d), name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (d folder) rename(from, to string) error {
	return os.Rename(filepath.Join(string(d), from), filepath.Join(string(d), to))
}

// sync implements filesystem. Windows has no such call, and needs none.
func (d folder) sync() error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(string(d))
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// Datasync makes the contents of a file safe from a loss of power. Tests replace it.
var Datasync = datasync

type diskFile struct{ *os.File }

func (f diskFile) size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f diskFile) truncate(size int64) error { return f.Truncate(size) }
func (f diskFile) sync() error               { return Datasync(f.File) }
func (f diskFile) unlinked() bool            { return unlinked(f.File) }
