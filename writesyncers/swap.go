package writesyncers

import (
	"errors"
	"os"
	"path/filepath"

	"go.uber.org/multierr"
)

// prepareLocked has the next file opened ahead, in the background, so that the swap has only names to exchange. It takes
// the turn for that: a swap that comes too early waits for the file rather than open one of its own. If it fails, the
// swap opens its file itself.
func (s *sink) prepareLocked() {
	r := s.roller
	s.prepared = true
	if !opensAhead || s.shared || !r.tryAcquire() {
		return
	}
	like := s.file
	r.work.group.Add(1)
	go func() {
		defer r.work.group.Done()
		s.openAhead(like)
		if swap := r.attendance.wait(); swap != nil {
			s.settle(swap)
		}
	}()
}

// openAhead opens the file that is to follow like, and gives the turn back.
func (s *sink) openAhead(like *logFile) {
	r := s.roller
	defer r.release()
	if r.next != nil {
		return
	}
	if next, err := s.create(like); err == nil {
		next.dir, _ = openDir(filepath.Dir(s.path))
		r.next = next
	}
}

// create makes the file that is to follow like: under a hidden name, with the same permissions and owner.
func (s *sink) create(like *logFile) (*nextFile, error) {
	name := s.roller.hidden(filepath.Dir(s.path), nextTag)
	file, err := s.openAt(name, os.O_EXCL)
	if err != nil {
		return nil, err
	}
	if info, err := like.f.Stat(); err == nil {
		sameAccess(file.f, info)
	}
	return &nextFile{name: name, file: file}, nil
}

// swapLocked puts the next file in the place of the one in use, with the turn. It returns nil if there is nothing to
// settle: the path did not lead to our file any more, somebody else having rotated or removed it, and we have followed.
//
// Nothing is closed here, and until the names are exchanged nothing has changed: a refusal costs nothing.
func (s *sink) swapLocked() (*rolled, error) {
	r := s.roller
	dir, err := r.directory()
	if err != nil {
		return nil, err
	}
	if err := dir.lock(); err != nil {
		if !s.file.isAt(s.pathZ) { // whoever has it is done with the path
			err = s.reopenLocked()
		}
		return nil, multierr.Append(err, dir.close())
	}
	swap, err := s.swapWithDirLocked()
	if swap == nil {
		return nil, multierr.Append(err, dir.close())
	}
	swap.dir, swap.sync = dir, s.fsync != FsyncNever
	r.retiring.begin()
	s.mark, s.prepared = r.mark(), false
	s.stats.Opens++
	s.headLocked()
	if s.watch != nil {
		s.watch.opened(s)
	}
	onStep("swapped")
	return swap, nil
}

func (s *sink) swapWithDirLocked() (*rolled, error) {
	r := s.roller
	if !s.file.isAt(s.pathZ) {
		return nil, s.reopenLocked()
	}
	if s.shared && r.times != nil && !s.due(r.times) {
		return nil, nil // another process has rolled over at the end of this period
	}
	if !renamesOpenFiles {
		return s.swapClosedLocked()
	}
	next := r.next
	r.next = nil
	if next == nil {
		var err error
		if next, err = s.create(s.file); err != nil {
			return nil, err
		}
	}
	onStep("created")
	hidden, err := r.into(next.name)
	if err != nil {
		return nil, multierr.Append(err, next.discard())
	}
	swap := &rolled{hidden: hidden, file: s.file, size: s.file.size}
	s.file = next.file
	return swap, nil
}

// exchangeNames is a variable for the tests, which run the other way as well.
var exchangeNames = exchange

// into puts the file called next in the place of the one at the path, which goes on under the hidden name returned. The
// path always leads to one of the two, where the system can exchange names; elsewhere it leads nowhere for a moment.
func (r *roller) into(next string) (hidden string, err error) {
	err = exchangeNames(next, r.path)
	if err == nil || !errors.Is(err, errors.ErrUnsupported) {
		return next, err
	}
	hidden = r.hidden(filepath.Dir(r.path), nextTag)
	if err := renameNew(r.path, hidden); err != nil {
		return "", err
	}
	onStep("gap")
	if err := renameNew(next, r.path); err != nil {
		return "", multierr.Append(err, renameNew(hidden, r.path))
	}
	return hidden, nil
}

// swapClosedLocked is for systems on which an open file cannot be renamed (Windows): it closes the file first and, if
// what follows is refused, opens it again.
func (s *sink) swapClosedLocked() (*rolled, error) {
	info, err := s.file.f.Stat()
	if err != nil {
		return nil, err
	}
	if err := s.syncForSwap(); err != nil {
		return nil, err
	}
	err = s.file.close()
	s.file = nil
	hidden := s.roller.hidden(filepath.Dir(s.path), nextTag)
	if err == nil {
		err = renameNew(s.path, hidden)
	}
	if err != nil {
		return nil, multierr.Append(err, s.openLocked())
	}
	file, err := s.openAt(s.path, os.O_EXCL)
	if err != nil {
		err = multierr.Append(err, renameNew(hidden, s.path))
		return nil, multierr.Append(err, s.openLocked())
	}
	sameAccess(file.f, info)
	s.file = file
	return &rolled{hidden: hidden, size: info.Size()}, nil
}

func (s *sink) syncForSwap() error {
	if s.fsync == FsyncNever {
		return nil
	}
	return s.file.sync()
}

// directory returns the directory of the path, to lock: the one that was opened ahead, if it was.
func (r *roller) directory() (directory, error) {
	if r.next == nil || !r.next.dir.open() {
		return openDir(filepath.Dir(r.path))
	}
	dir := r.next.dir
	r.next.dir = directory{}
	return dir, nil
}

// discard undoes create.
func (n *nextFile) discard() error {
	return multierr.Combine(n.file.close(), remove(n.name), n.dir.close())
}

// isAt reports whether the path, which ends in a NUL, leads to this file. If there is no telling, it says so.
func (l *logFile) isAt(pathZ []byte) bool {
	here, err := leads(pathZ, l.id)
	return here || err != nil
}

// reopenLocked opens what is at the path now, and only then closes the file in use.
func (s *sink) reopenLocked() error {
	old := s.file
	if err := s.openLocked(); err != nil {
		return err
	}
	if s.fsync != FsyncNever {
		s.troubles.note("sync "+s.path, old.sync())
	}
	s.troubles.note("close "+s.path, old.close())
	return nil
}
