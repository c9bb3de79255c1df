package rotation

import (
	"os"
	"sync"
	"time"

	"go.uber.org/multierr"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// opener makes the files that follow, one of them ahead of its time, and knows how names are exchanged on this file system.
type opener struct {
	cfg *Config
	dir *directory

	mu     sync.Mutex // guards the fields below
	next   *nextFile  // opened ahead
	begun  bool       // that was tried since the last exchange
	closed bool
	busy   sync.WaitGroup
	probed bool
	links  bool // two names may lead to one file
}

// nextFile is a file that has yet to take the place of the log.
type nextFile struct {
	path   string
	file   *appendfile.File
	access fsys.Access // that was copied to it
	out    string      // a path for the file that it follows, once that is rolled out; "": it is made then
}

// start reports whether the next file is to be opened ahead now: once for each file.
func (o *opener) start() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.begun || o.closed {
		return false
	}
	o.begun = true
	o.busy.Add(1)
	return true
}

// done ends start.
func (o *opener) done() { o.busy.Done() }

// open opens the file that is to follow like. If that is refused, the exchange does it itself, and tells.
func (o *opener) open(like *appendfile.File) {
	if o.dir.enter() != nil {
		return
	}
	defer o.dir.leave(true)
	o.mayLink()
	next, err := o.create(like)
	if err != nil {
		return
	}
	o.mu.Lock()
	if o.begun && !o.closed && o.next == nil {
		if o.cfg.Period == nil { // else the path depends on the period that the exchange comes in
			next.out = o.dir.outName(time.Time{})
		}
		o.next, next = next, nil
	}
	o.mu.Unlock()
	if next != nil {
		_ = next.discard()
	}
}

// ready makes the directory, and tries what the file system can do.
func (o *opener) ready() {
	if o.dir.enter() == nil {
		o.mayLink()
		o.dir.keep(true)
		o.dir.leave(true)
	}
}

// take returns the file that follows like. Fresh: one that is made now.
func (o *opener) take(like *appendfile.File, fresh bool) (*nextFile, error) {
	o.mu.Lock()
	next := o.next
	o.next = nil
	o.mu.Unlock()
	o.dir.keep(false)
	if next != nil && !fresh && next.mayFollow(like) {
		return next, nil
	}
	if next != nil {
		_ = next.discard()
	}
	return o.create(like)
}

// put gives a file back that was not needed.
func (o *opener) put(next *nextFile) error { return next.discard() }

// exchanged says that the file in use is a new one.
func (o *opener) exchanged() {
	o.mu.Lock()
	o.begun = false
	if o.next != nil {
		o.next.out = "" // it would come before the one that was given just now, and names rise
	}
	o.mu.Unlock()
}

// create makes the file that is to follow like: nobody may read it who may not read like.
func (o *opener) create(like *appendfile.File) (*nextFile, error) {
	path := o.dir.name(nextTag)
	options := o.cfg.File
	options.Perm = 0o600 // until it has those of like
	file, err := appendfile.Open(path, o.cfg.Path, os.O_EXCL, options)
	if err != nil {
		return nil, err
	}
	next := &nextFile{path: path, file: file}
	if next.access, err = fsys.AccessOf(like.OS()); err == nil {
		err = fsys.CopyAccess(file.OS(), like.OS())
	}
	if err != nil {
		return nil, multierr.Append(err, next.discard())
	}
	return next, nil
}

// mayFollow reports whether nobody may read n who may not read like, whose permissions may have changed since n was made.
func (n *nextFile) mayFollow(like *appendfile.File) bool {
	access, err := fsys.AccessOf(like.OS())
	return err == nil && (access.Equal(n.access) || fsys.CopyAccess(n.file.OS(), like.OS()) == nil)
}

// discard undoes create.
func (n *nextFile) discard() error {
	return multierr.Append(n.file.Close(), remove(n.path))
}

// mayLink reports whether a file may have two names here, and both lead to the same bytes. It is tried once.
func (o *opener) mayLink() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.probed {
		if can, err := fsys.Probe(o.dir.path); err == nil {
			o.probed, o.links = true, can.Links
		}
	}
	return o.links
}

// close waits for who is at work, and lets nobody begin.
func (o *opener) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.busy.Wait()
}

// moved says that the file in use is another one, and has the next opened ahead for that.
func (o *opener) moved() {
	o.exchanged()
	o.discard()
}

// discard removes the file that was opened ahead.
func (o *opener) discard() {
	o.mu.Lock()
	next := o.next
	o.next = nil
	o.mu.Unlock()
	if next != nil {
		_ = next.discard()
	}
}
