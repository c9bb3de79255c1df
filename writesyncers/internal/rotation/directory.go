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

// directory is the hidden directory of a log, and the log's lock. The goroutines of one writer may be inside at the same time, because
// what they do does not collide. The lock keeps other processes, and other writers of the same log, out.
type directory struct {
	path  string
	names sync.Mutex // held while the names of the log are exchanged

	mu     sync.Mutex      // guards the fields below
	inside int             // calls of enter without their leave
	kept   bool            // it stays although it is empty
	closed bool            // the last to leave closes d
	d      *fsys.Directory // nil while the directory is not needed
}

// The names of the files in the directory begin with these, and end with fsys.Unique.
const (
	nextTag = "next-"
	outTag  = "out-"
	partTag = "part-"
	hookTag = "hook-"
)

// tags are the names of files that are removed when their process is gone.
var tags = []string{nextTag, partTag, hookTag, fsys.ProbePrefix}

// sequence is the last SEQ that this process has used.
var sequence atomic.Int64

func newDirectory(log string) *directory {
	dir, base := filepath.Split(log)
	return &directory{path: filepath.Join(dir, fsys.ShortName(".", base, ".rotation"))}
}

// name returns a new name in the directory.
func (d *directory) name(tag string) string {
	return filepath.Join(d.path, tag+fsys.Unique())
}

// outName returns a name for a file that is rolled over now. Names sort in the order of the rollovers, also across processes, unless the
// clock is put back in between. label is the time that the backup is named for; zero: none.
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

// labelOf returns the label in a name from outName; the zero time if there is none.
func labelOf(path string) time.Time {
	parts := strings.Split(filepath.Base(path), "-") // out, SEQ, PID, N, label; the label may be negative
	if len(parts) < 5 {
		return time.Time{}
	}
	sec, err := strconv.ParseInt(strings.Join(parts[4:], "-"), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(sec, 0)
}

// enter makes the directory if there is none, and takes the lock of the log. If another process has the lock, it does not wait, but
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

// makeDirectory makes the directory, with the permissions of the log's directory, and in any case usable by us.
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

// check refuses a directory that may be a trap: a link or a file, or, in a directory where everybody may make files and remove only their
// own (/tmp), one that belongs to another user.
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

// leave ends one enter. The last one removes the directory if it may be empty and is, and releases the lock.
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

// keep says whether the directory stays although it is empty, because it will be needed soon.
func (d *directory) keep(on bool) {
	d.mu.Lock()
	d.kept = on
	d.mu.Unlock()
}

func (d *directory) forgetLocked() {
	_ = d.d.Close()
	d.d = nil
}

// close removes the directory if it is empty, and closes the descriptor. A directory that is not empty stays, for the next start or for
// those that still use it.
//
// If several writers close at the same moment, one may find the lock taken by another, and that other the directory not empty yet. So
// after releasing the lock, close looks again whether the directory is empty. A writer that takes its last file out after that look finds
// the lock free.
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

// firstOut returns the file that was rolled over first, or path if none comes before it. With path "" it returns the first of all, or "" if
// there is none.
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

// sameFile reports whether two paths are names of one file. A file with outTag may be the log under a second name: a process was
// killed in the middle of an exchange, or is in the middle of one.
func sameFile(path, other string) bool {
	a, err := os.Lstat(path)
	if err != nil {
		return false
	}
	b, err := os.Lstat(other)
	return err == nil && os.SameFile(a, b)
}

// RemoveFile removes a file. Tests replace it by one that fails.
var RemoveFile = os.Remove

// remove removes a file. It is no error if there is none.
func remove(path string) error {
	if err := RemoveFile(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
