package rotation

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/multierr"

	"example.com/zaphandlers/writesyncers/internal/backups"
	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// writersWait is how long to wait for other processes that still write to a file: with Shared none does so for longer.
const writersWait = 3 * time.Second

// startWait is how long a process that is being started may keep the descriptors open that it has inherited.
const startWait = 100 * time.Millisecond

var errInUse = errors.New("another process still writes to it; it is tried again at the next rollover")

// compress gives a file its backup name in compressed form:
//
//	part-….gz      is written, with the permissions and the owner of the file from the start, and synced
//	app.log.1.gz   is its name once it is complete; then the directory is synced
//	out-…          is removed
//
// A crash leaves out alone, or both; whether a backup has the contents of out shows in the times of the two. A file that cannot be
// compressed gets its plain name, and is compressed at a later rollover.
func (s *steps) compress(out *Rolled) (backup string, err error) {
	part, err := s.compressTo(out.path, func() error { return s.awaitWriters(out) })
	if err == nil {
		Step("compressed")
		err = s.locked(func() error {
			backup, err = s.cfg.Backups.Place(part.path, s.label(out), true)
			if err != nil {
				return err
			}
			Step("published")
			if err := fsys.SyncDirectory(filepath.Dir(backup)); err != nil {
				return err
			}
			_ = out.close() // the compressed form is on the disk
			return remove(out.path)
		})
		_ = part.close()
	}
	if err == nil {
		s.compressed.Add(1)
		if !s.uncompressed.Load() { // else the failure is over when those are compressed, too
			s.cfg.Report.Note("compress a backup of "+s.cfg.Path, nil)
		}
		return backup, nil
	}
	note(s, "compress a backup of ", err)
	s.uncompressed.Store(true)
	if backup != "" { // it has its name: only syncing the directory, or removing the file, has failed
		s.compressed.Add(1)
		s.copied[out.path] = backup
		return backup, multierr.Append(out.close(), remove(out.path))
	}
	return s.place(out.path, out, false)
}

// awaitWriters waits until no other process writes to the file: with Shared, for other writers of the log; and a moment for any process,
// since one that is being started has all descriptors of this one open.
func (s *steps) awaitWriters(out *Rolled) error {
	note(s, "close a backup of ", out.reopenForReading())
	start := time.Now()
	for ; !out.alone(); time.Sleep(pollEvery) {
		if !s.cfg.Shared || time.Since(start) > writersWait || s.aborted() {
			return errInUse
		}
	}
	for start = time.Now(); out.written(); time.Sleep(pollEvery) {
		if time.Since(start) > startWait || s.aborted() {
			return errInUse
		}
	}
	return nil
}

// part is a compressed file in the making. It is made under the lock of the log, and stays open and locked until it has its name or is
// removed, so that a process that starts meanwhile leaves it alone.
type part struct {
	path string
	f    *os.File
}

func (p *part) close() error {
	if p.f == nil {
		return nil
	}
	fsys.Unlock(p.f)
	err := multierr.Append(p.f.Close(), remove(p.path))
	p.f = nil
	return err
}

// compressTo compresses the file at path into a new part, after ready has returned nil.
func (s *steps) compressTo(path string, ready func() error) (p *part, err error) {
	if err := ready(); err != nil {
		return nil, err
	}
	src, err := fsys.OpenMovable(path)
	if err != nil {
		return nil, shown(err, s.cfg.Path)
	}
	defer func() { err = multierr.Append(err, src.Close()) }()
	info, err := src.Stat()
	if err != nil {
		return nil, err
	}
	if p, err = s.newPart(); err != nil {
		return nil, err
	}
	Step("compressing")
	err = fsys.CopyAccess(p.f, src)
	if err == nil {
		err = backups.Compress(p.f, counting{src, s}, s.cfg.Backups.Mark(info.ModTime()), s.abort)
	}
	if err == nil {
		err = os.Chtimes(p.path, info.ModTime(), info.ModTime())
	}
	if err != nil {
		return nil, multierr.Append(shown(err, s.cfg.Path), p.close())
	}
	if !fsys.RenamesOpenFiles {
		err = p.f.Close()
	}
	return p, err
}

func (s *steps) newPart() (p *part, err error) {
	err = s.locked(func() error {
		path := s.dir.name(partTag) + backups.Gzip
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|fsys.NoFollow, 0o600)
		if err == nil {
			fsys.LockShared(f)
			p = &part{path, f}
		}
		return err
	})
	return p, err
}

// counting is a reader that counts progress.
type counting struct {
	r io.Reader
	s *steps
}

func (c counting) Read(p []byte) (int, error) {
	c.s.progress.Add(1)
	return c.r.Read(p)
}

// compressBackups compresses the backups that are not compressed yet, in place: app.log.3 becomes app.log.3.gz.
func (s *steps) compressBackups() {
	var found []backups.Backup
	err := s.look(func() (err error) { found, err = s.cfg.Backups.List(); return err })
	failed, later, twice := err, false, false
	for _, b := range slices.Backward(found) {
		if b.Compressed {
			continue
		}
		if exists(b.Path + backups.Gzip) { // its compressed form, or somebody else's file: then it waits until its number changes
			twice = true
			continue
		}
		if s.aborted() {
			if failed == nil { // else the error of the backup before says enough
				failed = backups.ErrAborted
			}
			break
		}
		err := s.compressInPlace(b)
		if s.cfg.Shared && errors.Is(err, errInUse) { // the process that has rolled it over waits for that, and reports it
			later = true
			continue
		}
		failed = multierr.Append(failed, err)
	}
	if twice {
		failed = multierr.Append(failed, s.locked(s.cfg.Backups.RemoveTwice))
	}
	s.uncompressed.Store(failed != nil || later)
	if failed != nil || !later {
		note(s, "compress a backup of ", failed)
	}
}

func (s *steps) compressInPlace(b backups.Backup) error {
	src, err := fsys.OpenMovable(b.Path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	closed := false
	defer func() {
		if !closed {
			fsys.Unlock(src)
			_ = src.Close()
		}
	}()
	info, err := src.Stat()
	if err != nil || !os.SameFile(info, b.Info) {
		return err // it has another number by now, and is found the next time
	}
	p, err := s.compressTo(b.Path, func() error {
		if !fsys.TryLockExclusive(src) || fsys.OpenForWriting(src) {
			return errInUse
		}
		return nil
	})
	if err != nil {
		return err
	}
	defer p.close()
	if !fsys.RenamesOpenFiles { // nor can an open file be removed; elsewhere it stays open, so that no other file gets its inode
		closed = true
		_ = src.Close()
	}
	return s.locked(func() error { return s.publish(p, info) })
}

// publish gives a compressed file the current name of its backup, with .gz, and removes the plain form.
func (s *steps) publish(p *part, info os.FileInfo) error {
	b, err := s.cfg.Backups.Find(info)
	if err != nil || b.Path == "" { // the backup was removed meanwhile
		return err
	}
	dst, err := s.cfg.Backups.Publish(p.path, b.Path)
	if dst != "" {
		s.compressed.Add(1)
	}
	return err
}
