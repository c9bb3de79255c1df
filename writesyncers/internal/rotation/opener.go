package rotation

import (
	"os"
	"sync"
	"time"

	"go.uber.org/multierr"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// opener makes the next files, one of them ahead, and knows whether names can be exchanged by a link on this file system.
type opener struct {
	cfg *Config
	dir *directory

	mu     sync.Mutex     // guards the fields below
	next   *nextFile      // opened ahead; nil: none
	begun  bool           // opening ahead was tried since the last exchange
	closed bool           // nothing is opened ahead any more
	busy   sync.WaitGroup // of opening ahead
	probed bool           // links is known
	links  bool           // two names may lead to one file
}

// nextFile is a file that will take the place of the log.
type nextFile struct {
	path   string
	file   *appendfile.File
	access fsys.Access // the permissions that it was given
	out    string      // the path to which the file before it will be renamed; "": decided at the exchange
}

// start reports whether to open the next file ahead now: once for each file.
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

// open opens the file that follows like, ahead. If that fails, the exchange tries again, and reports the error.
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
		if o.cfg.Period == nil { // else the path depends on the period at the exchange
			next.out = o.dir.outName(time.Time{})
		}
		o.next, next = next, nil
	}
	o.mu.Unlock()
	if next != nil {
		_ = next.discard()
	}
}

// ready makes the directory ahead, and tries what the file system can do.
func (o *opener) ready() {
	if o.dir.enter() == nil {
		o.mayLink()
		o.dir.keep(true)
		o.dir.leave(true)
	}
}

// take returns the file that follows like: with fresh one that is made now, else the one opened ahead if there is one.
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

// exchanged says that the file in use is a new one.
func (o *opener) exchanged() {
	o.mu.Lock()
	o.begun = false
	if o.next != nil {
		o.next.out = "" // it would sort before the path used just now
	}
	o.mu.Unlock()
}

// create makes the file that follows like. Nobody can read it who cannot read like.
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

// mayFollow adjusts the permissions of n, since those of like may have changed after n was made. It reports whether nobody can read n
// who cannot read like.
func (n *nextFile) mayFollow(like *appendfile.File) bool {
	access, err := fsys.AccessOf(like.OS())
	return err == nil && (access.Equal(n.access) || fsys.CopyAccess(n.file.OS(), like.OS()) == nil)
}

// discard undoes create.
func (n *nextFile) discard() error {
	return multierr.Append(n.file.Close(), remove(n.path))
}

// mayLink reports whether a file can have two names here that lead to the same bytes. It tries that once.
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

// close waits until a file that is being opened ahead is open. No other is opened ahead then.
func (o *opener) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.busy.Wait()
}

// moved says that the path leads to a file of another process: the file opened ahead is discarded, and another may be opened.
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
