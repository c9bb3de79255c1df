package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/multierr"
)

// plainFile is the rotation that every reader was made for: the file is renamed, and one made in its place.
type plainFile struct {
	gzip  bool // backups are compressed behind the writer, and have their name when they are
	dated bool // backups are named after the time, and not numbered

	path    string
	r       rotation
	f       *os.File
	size    int
	packing chan error // has the result of the compression that runs
}

func openPlain(kind plainFile) func(string, rotation) (io.WriteCloser, error) {
	return func(path string, r rotation) (io.WriteCloser, error) {
		p := kind
		p.path, p.r = path, r
		return &p, p.create()
	}
}

func (p *plainFile) create() (err error) {
	p.f, err = os.OpenFile(p.path, os.O_APPEND|os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	p.size = 0
	return err
}

func (p *plainFile) Write(b []byte) (int, error) {
	if p.size+len(b) > p.r.limit {
		if err := p.rotate(); err != nil {
			return 0, err
		}
	}
	p.size += len(b)
	return p.f.Write(b)
}

func (p *plainFile) rotate() error {
	if err := p.f.Close(); err != nil {
		return err
	}
	backup := p.path + ".1"
	if p.dated {
		backup = p.path + "." + time.Now().Format("2006-01-02_15-04-05.000000")
	} else if err := multierr.Append(p.packed(), p.shift()); err != nil {
		return err
	}
	if err := multierr.Append(os.Rename(p.path, backup), p.create()); err != nil {
		return err
	}
	switch {
	case p.gzip:
		p.packing = make(chan error, 1)
		go func() { p.packing <- pack(backup) }()
	case p.dated:
		return p.prune()
	}
	return nil
}

// shift renames app.log.1 to app.log.2, and so on.
func (p *plainFile) shift() error {
	suffix := ""
	if p.gzip {
		suffix = ".gz"
	}
	for n := p.r.backups - 1; n > 0; n-- {
		err := os.Rename(fmt.Sprintf("%s.%d%s", p.path, n, suffix), fmt.Sprintf("%s.%d%s", p.path, n+1, suffix))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// prune removes the oldest of the backups with dates.
func (p *plainFile) prune() error {
	names, err := filepath.Glob(p.path + ".*")
	slices.Sort(names)
	for ; len(names) > p.r.backups; names = names[1:] {
		err = multierr.Append(err, os.Remove(names[0]))
	}
	return err
}

// packed waits for a compression.
func (p *plainFile) packed() error {
	if p.packing == nil {
		return nil
	}
	err := <-p.packing
	p.packing = nil
	return err
}

// pack compresses a file into one beside it, which has no name that a reader of app.log* takes before it is whole.
func pack(name string) (err error) {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer multierr.AppendInvoke(&err, multierr.Close(in))
	dir, base := filepath.Split(name)
	temporary := filepath.Join(dir, "packing-"+strings.TrimPrefix(base, "app.log.")+".gz")
	out, err := os.Create(temporary)
	if err != nil {
		return err
	}
	packer := gzip.NewWriter(out)
	_, err = io.Copy(packer, in)
	if err = multierr.Combine(err, packer.Close(), out.Close()); err != nil {
		return err
	}
	return multierr.Append(os.Rename(temporary, name+".gz"), os.Remove(name))
}

func (p *plainFile) Close() error { return multierr.Append(p.f.Close(), p.packed()) }
