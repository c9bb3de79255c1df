//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package spool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/multierr"
	"golang.org/x/sys/unix"

	"example.com/zaphandlers/internal/filelock"
	"example.com/zaphandlers/zapcore/arena"
)

// Spool is the memory of one queue.
type Spool struct {
	Contents // what the former process left

	Notes []error // to be reported: what was damaged, put aside or orphaned

	dir    string
	lock   *os.File
	file   *os.File
	memory *memory
}

// Open opens the spool in dir, which it makes if it is missing, for an arena of limit bytes and readers of these names.
func Open(dir string, limit int, names []string) (*Spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := LockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Spool{dir: dir, lock: lock}
	if err = s.readOld(names); err == nil {
		if err = s.makeNew(limit, names); err != nil {
			_ = os.Remove(s.path("arena.new"))
			err = fmt.Errorf("make a file in %s for %d bytes of records: %w", dir, limit, err)
		}
	}
	if err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

func (s *Spool) path(name string) string { return filepath.Join(s.dir, name) }

// LockDir takes the lock of a folder. The kernel releases it however the process ends.
func LockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	taken, err := filelock.TryLock(f)
	switch {
	case taken:
		err = fmt.Errorf("%s is in use by another queue, of this process or of another", dir)
	case err != nil:
		err = fmt.Errorf("lock %s: %w", f.Name(), err)
	default:
		return f, nil
	}
	f.Close()
	return nil, err
}

// readOld reads what the former process left. It puts a file aside that is no spool, or whose header is damaged.
func (s *Spool) readOld(names []string) error {
	old := s.path("arena.spool")
	f, err := os.OpenFile(old, os.O_RDONLY|unix.O_NONBLOCK, 0) // a FIFO would wait for a writer
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	data, err := readSpool(f)
	_ = f.Close()
	if err == nil {
		s.Contents, err = parse(data)
	}
	if err != nil {
		aside := s.path("arena.aside-" + time.Now().UTC().Format("20060102T150405.000000000"))
		if err := os.Rename(old, aside); err != nil {
			return err
		}
		s.Notes = append(s.Notes, fmt.Errorf("%s is put aside as %s: %w", old, aside, err))
		return nil
	}
	if s.Damaged > 0 {
		s.Notes = append(s.Notes, fmt.Errorf("%s: left out, being damaged: records, blocks or cursors, %d in all", old, s.Damaged))
	}
	if s.Missing > 0 {
		s.Notes = append(s.Notes, fmt.Errorf("%s: its last %d bytes are missing, and the records that were in them", old, s.Missing))
	}
	if orphaned := s.keep(names); orphaned > 0 {
		s.Notes = append(s.Notes, fmt.Errorf("%s: records for targets that are no more: %d", old, orphaned))
	}
	return nil
}

// readSpool reads a file up to the end that its header gives: the file may have any size.
func readSpool(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	head, err := io.ReadAll(io.LimitReader(f, unitsAt))
	if err != nil {
		return nil, err
	}
	h, err := parseHeader(head)
	if err != nil {
		return nil, err
	}
	data := make([]byte, max(len(head), int(min(info.Size(), int64(unitsAt)+int64(h.units)*int64(h.unit)))))
	n, err := io.ReadFull(f, data[copy(data, head):])
	if err == io.EOF || err == io.ErrUnexpectedEOF { // it was truncated just now
		err = nil
	}
	return data[:len(head)+n], err
}

// makeNew makes arena.new, which Begin will rename to arena.spool.
func (s *Spool) makeNew(limit int, names []string) (err error) {
	h := header{unit: arena.BlockSize(limit) + unitHeader}
	h.units = unitsFor(h.unit, limit, len(names), s.Records)
	s.file, err = os.OpenFile(s.path("arena.new"), os.O_RDWR|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	size := unitsAt + h.units*h.unit
	err = allocate(s.file, int64(size))
	if errors.Is(err, unix.ENOSPC) && s.shrinkOld() {
		err = multierr.Append(s.file.Truncate(0), allocate(s.file, int64(size)))
	}
	if err != nil {
		return err
	}
	data, err := unix.Mmap(int(s.file.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("mmap: %w", err)
	}
	cursors := make([]uint64, len(names))
	s.memory = newMemory(data, h, cursors)
	h.put(data)
	h.put(data[pageSize:])
	for i, name := range names {
		putCursorName(data[cursorsAt+i*cursorSize:], name)
		store(data[cursorsAt+i*cursorSize+cursorSlotsAt+8:], check(0))
		s.memory.SetCursor(i, s.Cursors[name])
	}
	return nil
}

// shrinkOld frees the disk space of the free units of the old file, since the disk may have no room for two such files. It returns whether
// it freed anything.
func (s *Spool) shrinkOld() (shrunk bool) {
	f, err := os.OpenFile(s.path("arena.spool"), os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	for _, hole := range s.free {
		shrunk = punch(f, hole.at, hole.end-hole.at) == nil || shrunk
	}
	return shrunk
}

// unitsFor returns how many units a file needs: for twice the limit, since resolved records may share a block with pending ones, for the
// tails of the lists, for the records that readers have claimed, and for what the former process left.
func unitsFor(unit, limit, readers int, records []Record) int {
	payload := unit - unitHeader
	units := 2*(limit/payload+1) + arena.Lists*(readers+2) + 8
	left := 0
	for _, r := range records {
		if size := arena.Size(len(r.Tape)); size > payload/2 {
			units += (size+unitHeader)/unit + 2
		} else {
			left += size
		}
	}
	return units + 2*(left/payload+1)
}

// allocate gives the file its size and all its disk blocks, because a store into a mapped hole on a full disk would end the process.
func allocate(f *os.File, size int64) error {
	if err := fallocate(f, size); !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < size; at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at); err != nil {
			return err
		}
	}
	return nil
}

// Backing returns the memory for the arena.
func (s *Spool) Backing() arena.Backing { return s.memory }

// Begin makes the new file the spool, once the arena holds what the former process left.
func (s *Spool) Begin() error { return os.Rename(s.path("arena.new"), s.path("arena.spool")) }

// Done returns the first sequence number that the target of that name is not done with.
func (s *Spool) Done(name string) uint64 { return s.Cursors[name] }

// Close closes the spool, and returns whether the next Open will find its file, which may have been removed or moved. If empty is set it
// removes the file. If inUse is set, readers may still use the mapping, and it stays until the process ends.
func (s *Spool) Close(empty, inUse bool) (found bool) {
	found = s.inPlace()
	if empty && found {
		_ = os.Remove(s.path("arena.spool"))
	}
	if !inUse && s.memory != nil {
		_ = unix.Munmap(s.memory.data)
	}
	s.release()
	return found
}

// inPlace reports whether arena.spool is the file that is mapped.
func (s *Spool) inPlace() bool {
	named, err := os.Stat(s.path("arena.spool"))
	if err != nil {
		return false
	}
	used, err := s.file.Stat()
	return err == nil && os.SameFile(named, used)
}

// release closes the files. It releases the lock at once, even if a process that is being started has inherited it for a moment.
func (s *Spool) release() {
	if s.file != nil {
		_ = s.file.Close()
	}
	_ = filelock.Close(s.lock)
}
