package rotation

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// directory is the hidden directory of a log, and the log's lock. Within the process any number may be inside at the same time, for
// what they do does not collide; the lock keeps other processes, and other writers of the same log, out.
type directory struct {
	path  string
	names sync.Mutex // held while the names of the log are exchanged

	mu     sync.Mutex // guards the fields below
	inside int
	kept   bool            // it stays although it is empty
	closed bool            // whoever is inside still, or comes, leaves it closed
	d      *fsys.Directory // nil while the directory is not needed
}

// What the files in the directory are called: see fsys.Unique.
const (
	nextTag = "next-"
	outTag  = "out-"
	partTag = "part-"
	hookTag = "hook-"
)

var tags = []string{nextTag, partTag, hookTag, fsys.ProbePrefix}

// sequence is of the files that this process has rolled out.
var sequence atomic.Int64

func newDirectory(log string) *directory {
	dir, base := filepath.Split(log)
	return &directory{path: filepath.Join(dir, fsys.ShortName(".", base, ".rotation"))}
}

// name returns a new name in the directory.
func (d *directory) name(tag string) string {
	return filepath.Join(d.path, tag+fsys.Unique())
}

// outName returns the name of a file that is rolled out now. Names sort in the order in which the files were rolled out, also
// across processes, unless the clock is set back in between. The label is the time that its backup is named for, if it is.
func (d *directory) outName(label time.Time) string {
	seq := time.Now().UnixNano()
	for {
		last := sequence.Load()
		seq = max(seq, last+1)
		if sequence.CompareAndSwap(last, seq) {
			break
		}
	}
	digits := strconv.FormatInt(seq, 10)
	name := d.name(outTag + "00000000000000000000"[len(digits):] + digits + "-")
	if !label.IsZero() {
		name += "-" + strconv.FormatInt(label.Unix(), 10)
	}
	return name
}

// labelOf returns the label in the name of a file that was rolled out; the zero time if there is none.
func labelOf(path string) time.Time {
	parts := strings.Split(filepath.Base(path), "-") // out, SEQ, PID, N, label: which may be negative
	if len(parts) < 5 {
		return time.Time{}
	}
	sec, err := strconv.ParseInt(strings.Join(parts[4:], "-"), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(sec, 0)
}

// enter makes the directory if there is none, and takes the lock of the log; it does not wait for another process that has it, but
// returns fsys.ErrLocked.
func (d *directory) enter() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inside == 0 {
		if err := d.lockLocked(); err != nil {
			return err
		}
	}
	d.inside++
	return nil
}

// lockLocked takes the lock of the directory that the path leads to: another process may have removed the one that was opened.
func (d *directory) lockLocked() error {
	for range 10 {
		if err := d.openLocked(); err != nil {
			return err
		}
		if err := d.d.TryLock(); err != nil {
			return err
		}
		if d.d.IsAt(d.path) {
			return nil
		}
		d.forgetLocked()
	}
	return fsys.ErrLocked
}

func (d *directory) openLocked() (err error) {
	for range 10 {
		if d.d != nil {
			return nil
		}
		if err = d.makeDirectory(); err != nil {
			return err
		}
		if err = d.check(); err == nil {
			d.d, err = fsys.OpenDirectory(d.path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return err
}

// makeDirectory makes the directory, open to those to whom the log's is, and in any case to us.
func (d *directory) makeDirectory() error {
	info, err := os.Stat(filepath.Dir(d.path))
	if err != nil {
		return err
	}
	if err := fsys.MakeDirectory(d.path, info); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// check refuses a directory that somebody may have put there for us to fall into: a link, or, where everybody may make files and
// each may remove his own only (/tmp), one that belongs to another user.
func (d *directory) check() error {
	info, err := os.Lstat(d.path)
	if err != nil {
		return err
	}
	parent, err := os.Stat(filepath.Dir(d.path))
	if err != nil {
		return err
	}
	if !info.IsDir() || parent.Mode()&fs.ModeSticky != 0 && !fsys.Trusted(info) {
		return &fs.PathError{Op: "use", Path: d.path, Err: errors.New("the hidden directory beside it is a link, a file, or another user's")}
	}
	return nil
}

// leave ends one enter: it gives the lock back, and removes the directory if it may be empty and is.
func (d *directory) leave(mayBeEmpty bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inside--; d.inside > 0 {
		return
	}
	if !d.kept && mayBeEmpty {
		if err := os.Remove(d.path); err == nil || errors.Is(err, fs.ErrNotExist) {
			d.forgetLocked()
			return
		}
	}
	d.d.Unlock()
	if d.closed {
		d.forgetLocked()
	}
}

// keep says whether the directory stays although it is empty: it will be needed soon.
func (d *directory) keep(on bool) {
	d.mu.Lock()
	d.kept = on
	d.mu.Unlock()
}

func (d *directory) forgetLocked() {
	_ = d.d.Close()
	d.d = nil
}

// close gives up the descriptor. A directory that is not empty stays for the next start, or for who uses it still.
//
// Of those who close at the same moment one may find the lock with another, and that one the directory not empty yet. So whoever had the
// lock looks again when it has given it back: what the others have taken out by then it sees, and what they take out later they find the lock
// free for.
func (d *directory) close() {
	d.mu.Lock()
	d.kept, d.closed = false, true
	d.mu.Unlock()
	again := d.exists()
	for try := 0; again && try < 10 && d.enter() == nil; try++ {
		d.leave(true)
		again = d.isEmpty()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inside == 0 && d.d != nil {
		d.forgetLocked()
	}
}

// exists reports whether there is such a directory.
func (d *directory) exists() bool { return exists(d.path) }

// isEmpty reports whether there is such a directory, and nothing in it.
func (d *directory) isEmpty() bool {
	entries, err := os.ReadDir(d.path)
	return err == nil && len(entries) == 0
}

// list returns the paths of the files whose names begin with tag, sorted.
func (d *directory) list(tag string) (paths []string, err error) {
	entries, err := os.ReadDir(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tag) && e.Type().IsRegular() {
			paths = append(paths, filepath.Join(d.path, e.Name()))
		}
	}
	return paths, err
}

// firstOut returns the first of the files that were rolled out, up to the one at path; "" if there is none. Without a path it is any.
func (d *directory) firstOut(path string) (string, error) {
	files, err := d.list(outTag)
	if len(files) > 0 && (path == "" || filepath.Base(files[0]) < filepath.Base(path)) {
		return files[0], err
	}
	return path, err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// sameFile reports whether two paths lead to one file. A file that was rolled out may be the log itself under a second name: a
// process was killed in the middle of an exchange, or is in the middle of one.
func sameFile(path, other string) bool {
	a, err := os.Lstat(path)
	if err != nil {
		return false
	}
	b, err := os.Lstat(other)
	return err == nil && os.SameFile(a, b)
}

// RemoveFile is how files are removed. Tests refuse it.
var RemoveFile = os.Remove

// remove removes a file that may be gone already.
func remove(path string) error {
	if err := RemoveFile(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
