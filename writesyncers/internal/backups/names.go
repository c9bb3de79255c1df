package backups

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// names knows what a Namer makes of names, and which files in its directories are ours. Whatever the Namer answers, it is asked
// a bounded number of times.
type names struct {
	base  string // the log
	namer func(string) string
	moves bool

	readDir   func(dir string) ([]fs.DirEntry, error) // os.ReadDir, but for tests
	bearsMark func(path, base string) (ours bool, err error)

	round     int   // of questions: forget begins another
	complaint error // what was wrong with the first bad answer of this round
	blind     error // why a file could not be looked at in this round: nothing is to be moved or removed then
	answers   map[string]string
	before    map[string]string // the answers of the round before
	dirs      map[string]error  // what is wrong with a directory; nil: nothing
	known     []string          // directories that backups were seen or placed in
	verdicts  map[string]verdict
	unwritten map[string]fs.FileInfo // the plain files of which it is known that they are not the logs of others
}

// verdict remembers whether a compressed file bears our mark.
type verdict struct {
	size     int64
	modified time.Time
	ours     bool
}

func newNames(cfg Config) *names {
	n := &names{base: cfg.Path, namer: cfg.Namer, moves: cfg.Moves, readDir: os.ReadDir, bearsMark: bearsMark}
	n.verdicts, n.unwritten = map[string]verdict{}, map[string]fs.FileInfo{}
	n.forget()
	n.remember(cfg.Path)
	return n
}

// forget begins a new round of questions: the Namer's answers may be others now, and directories may have come or gone.
func (n *names) forget() {
	n.round++
	n.before = n.answers
	n.complaint, n.blind, n.answers, n.dirs = nil, nil, map[string]string{}, map[string]error{}
}

// askAgain begins a round with some of the questions of the last one that had an answer: a Namer that has another now gets a complaint.
func (n *names) askAgain() {
	n.forget()
	asked := 0
	for _, name := range slices.Sorted(maps.Keys(n.before)) {
		if n.before[name] == name {
			continue
		}
		if n.of(name); asked >= namesAskedAgain {
			return
		}
		asked++
	}
}

const namesAskedAgain = 8

// remember notes that backups may lie in the directory of path.
func (n *names) remember(path string) {
	if dir := filepath.Dir(path); !slices.Contains(n.known, dir) {
		n.known = append(n.known, dir)
	}
}

// forgetAllBut forgets the directories in which there is none of our backups, but for the log's own: a Namer may have one for each day, and
// the process live for years.
func (n *names) forgetAllBut(ours map[string]*entry) {
	used := map[string]bool{filepath.Dir(n.base): true}
	for _, e := range ours {
		used[filepath.Dir(e.path)] = true
	}
	n.known = slices.DeleteFunc(n.known, func(dir string) bool { return !used[dir] })
	maps.DeleteFunc(n.unwritten, func(path string, _ fs.FileInfo) bool { return ours[path] == nil })
}

// behind returns the default name with something behind the log's name and a dot.
func (n *names) behind(what string) string { return n.base + "." + what }

// of returns what the Namer makes of a default name. One that panics, or whose answer cannot be used, gets a complaint, and the
// default name is taken.
func (n *names) of(name string) string {
	if n.namer == nil {
		return name
	}
	if answer, ok := n.answers[name]; ok {
		return answer
	}
	answer, err := n.ask(name)
	if err != nil {
		answer = name
	} else if before, asked := n.before[name]; asked && before != answer {
		err = fmt.Errorf("writesyncers: Namer: the name it gives in place of %s is %s now, and was %s before: backups cannot be found again", name, answer, before)
	}
	if n.complaint == nil {
		n.complaint = err
	}
	n.answers[name] = answer
	return answer
}

func (n *names) ask(name string) (answer string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("writesyncers: Namer: panic: %v", p)
		}
	}()
	answer = n.namer(name)
	if answer == "" {
		return "", fmt.Errorf("writesyncers: Namer: the name it gives in place of %s is empty", name)
	}
	if strings.ContainsRune(answer, 0) {
		return "", fmt.Errorf("writesyncers: Namer: the name it gives in place of %s, %q, contains NUL", name, answer)
	}
	if !filepath.IsAbs(answer) && !os.IsPathSeparator(answer[0]) { // on Windows a path may be of the current drive
		answer = filepath.Join(filepath.Dir(n.base), answer)
	}
	answer = filepath.Clean(answer)
	if answer == n.base {
		return "", fmt.Errorf("writesyncers: Namer: the name it gives in place of %s is that of the log itself", name)
	}
	if strings.HasPrefix(n.base, strings.TrimSuffix(answer, string(filepath.Separator))+string(filepath.Separator)) {
		return "", fmt.Errorf("writesyncers: Namer: the name it gives in place of %s, %s, is that of the log's directory", name, answer)
	}
	if err := n.usable(filepath.Dir(answer)); err != nil {
		return "", fmt.Errorf("writesyncers: Namer: the name it gives in place of %s, %s, is in a directory %w", name, answer, err)
	}
	return answer, nil
}

// usable returns why a file of the log's directory cannot be renamed into another one.
func (n *names) usable(dir string) error {
	own := filepath.Dir(n.base)
	if n.moves || dir == own {
		return nil
	}
	if err, known := n.dirs[dir]; known {
		return err
	}
	var err error
	if info, statErr := os.Stat(dir); errors.Is(statErr, fs.ErrNotExist) {
		err = fmt.Errorf("that does not exist: %w", fs.ErrNotExist)
	} else if statErr == nil && !info.IsDir() {
		err = errors.New("that is none")
	} else if statErr == nil && !fsys.SameDevice(dir, own) {
		err = errors.New("on another device than the log (a Rotator could copy it)")
	}
	n.dirs[dir] = err
	return err
}

// found is a file in a directory of backups.
type found struct {
	path       string // without .gz
	dir        fs.DirEntry
	compressed bool
}

// files returns the files in the directories that backups may lie in. An error that wraps fs.ErrPermission says that one of them may
// not be read.
func (n *names) files() (all []found, err error) {
	for _, dir := range n.known {
		entries, readErr := n.readDir(dir)
		if readErr != nil && !errors.Is(readErr, fs.ErrNotExist) {
			err = readErr
			continue
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if path == n.base {
				continue
			}
			stem, compressed := strings.CutSuffix(path, Gzip)
			all = append(all, found{stem, e, compressed})
		}
	}
	return all, err
}

// readings returns how a name may be read: where there is a Namer, .gz may be a part of the name that it gives.
func (n *names) readings(f found) []found {
	if f.compressed && n.namer != nil {
		return []found{{f.path + Gzip, f.dir, false}, f}
	}
	return []found{f}
}

// add puts a file into the entry it belongs to, unless it is foreign: no regular file, compressed by somebody else, or a log itself.
func (n *names) add(entries map[string]*entry, f found, as entry) (ours bool) {
	path := f.path
	if f.compressed {
		path += Gzip
	}
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || f.compressed && !n.marked(path, info) || !f.compressed && n.written(path, info) {
		return err != nil && errors.Is(err, fs.ErrNotExist)
	}
	e := entries[f.path]
	if e == nil {
		as.path = f.path
		e = &as
		entries[f.path] = e
	}
	if f.compressed {
		e.packed = info
	} else {
		e.plain = info
	}
	return true
}

// marked reports whether a compressed file is ours. It is opened once, as long as it stays the same.
func (n *names) marked(path string, info fs.FileInfo) bool {
	v, known := n.verdicts[path]
	if !known || v.size != info.Size() || !v.modified.Equal(info.ModTime()) {
		ours, err := n.bearsMark(path, filepath.Base(n.base))
		if err != nil {
			n.blind = err
			return false
		}
		if len(n.verdicts) > verdictsMax {
			clear(n.verdicts)
		}
		v = verdict{info.Size(), info.ModTime(), ours}
		n.verdicts[path] = v
	}
	return v.ours
}

const verdictsMax = 10000

// written reports whether a plain file is a log itself, that of another writer or program. A file is looked at until it is known to be
// none, and not again: what was the log may be open for a long time, by who has the log as his standard output.
func (n *names) written(path string, info fs.FileInfo) bool {
	if before := n.unwritten[path]; fsys.RenamesOpenFiles && before != nil && os.SameFile(before, info) {
		return false
	}
	written, err := fsys.WrittenByOthers(path, n.base)
	if err != nil {
		n.blind = err
	}
	if written || err != nil {
		return true
	}
	n.unwritten[path] = info
	return false
}

// renamed says that a file that is ours has another name now.
func (n *names) renamed(from, to string, info fs.FileInfo) {
	if v, known := n.verdicts[from]; known { // else the file would be opened again at each Place
		n.verdicts[to] = v
	}
	if info != nil {
		n.unwritten[to] = info
	}
}

// numberBehind returns the first free name with a number from i on behind it.
func (n *names) numberBehind(name string, i int) (string, error) {
	for range 1 << 20 {
		if numbered := name + "." + strconv.Itoa(i); free(numbered) {
			return numbered, nil
		}
		i++
	}
	return "", fmt.Errorf("there is no free name behind %s.%d", name, i)
}
