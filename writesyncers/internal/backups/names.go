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

// names calls the Namer, and knows which files in its directories are ours. Whatever the Namer answers, it is called a bounded number
// of times.
type names struct {
	base  string // the path of the log
	namer func(string) string
	moves bool

	readDir   func(dir string) ([]fs.DirEntry, error) // os.ReadDir, except in tests
	bearsMark func(path, base string) (ours bool, err error)

	round      int   // counts the calls of forget: answers are kept for one round
	complaint  error // what was wrong with the first bad answer of this round
	unreadable error // why a file could not be examined in this round: then nothing may be moved or removed
	answers    map[string]string
	before     map[string]string // the answers of the round before
	dirs       map[string]error  // why a directory cannot be used; nil: it can
	known      []string          // directories that backups were seen or placed in
	marks      map[string]markCheck
	unwritten  map[string]fs.FileInfo // plain files that are known not to be the logs of others
}

// markCheck remembers whether a compressed file has our mark.
type markCheck struct {
	size     int64
	modified time.Time
	ours     bool
}

func newNames(cfg Config) *names {
	n := &names{base: cfg.Path, namer: cfg.Namer, moves: cfg.Moves, readDir: os.ReadDir, bearsMark: bearsMark}
	n.marks, n.unwritten = map[string]markCheck{}, map[string]fs.FileInfo{}
	n.forget()
	n.remember(cfg.Path)
	return n
}

// forget begins a new round: the Namer's answers may have changed, and directories may have come or gone.
func (n *names) forget() {
	n.round++
	n.before = n.answers
	n.complaint, n.unreadable, n.answers, n.dirs = nil, nil, map[string]string{}, map[string]error{}
}

// askAgain begins a new round and repeats some questions of the last one. A Namer whose answer has changed gets a complaint.
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

// forgetAllBut forgets the directories in which there is none of our backups, except the log's own: a Namer may have one for each day, and
// the process may live for years.
func (n *names) forgetAllBut(ours map[string]*entry) {
	used := map[string]bool{filepath.Dir(n.base): true}
	for _, e := range ours {
		used[filepath.Dir(e.path)] = true
	}
	n.known = slices.DeleteFunc(n.known, func(dir string) bool { return !used[dir] })
	maps.DeleteFunc(n.unwritten, func(path string, _ fs.FileInfo) bool { return ours[path] == nil })
}

// behind returns the default name that ends in what: the log's name, a dot, and what.
func (n *names) behind(what string) string { return n.base + "." + what }

// of returns what the Namer makes of a default name. If the Namer panics, or its answer cannot be used, that is a complaint, and of returns
// the default name.
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

// usable returns nil if files of the log's directory can be renamed into dir, else why they cannot.
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

// files returns the files in all known directories. An error that wraps fs.ErrPermission says that one of them may not be read.
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

// readings returns the ways to read a name: with a Namer, .gz may be part of the name that it gives.
func (n *names) readings(f found) []found {
	if f.compressed && n.namer != nil {
		return []found{{f.path + Gzip, f.dir, false}, f}
	}
	return []found{f}
}

// add puts a file into the entry it belongs to, and reports whether it has, or there is no such file. It does not if the file is foreign:
// not a regular file, compressed by somebody else, or a log itself.
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

// marked reports whether a compressed file has our mark. It opens the file only if it has changed since the last call.
func (n *names) marked(path string, info fs.FileInfo) bool {
	m, known := n.marks[path]
	if !known || m.size != info.Size() || !m.modified.Equal(info.ModTime()) {
		ours, err := n.bearsMark(path, filepath.Base(n.base))
		if err != nil {
			n.unreadable = err
			return false
		}
		if len(n.marks) > marksMax {
			clear(n.marks)
		}
		m = markCheck{info.Size(), info.ModTime(), ours}
		n.marks[path] = m
	}
	return m.ours
}

const marksMax = 10000

// written reports whether a plain file is the log of another writer or program. Once a file is known not to be one, it is not checked
// again: a program that has the log as its standard output may have the file open for a long time.
func (n *names) written(path string, info fs.FileInfo) bool {
	if before := n.unwritten[path]; fsys.RenamesOpenFiles && before != nil && os.SameFile(before, info) {
		return false
	}
	written, err := fsys.WrittenByOthers(path, n.base)
	if err != nil {
		n.unreadable = err
	}
	if written || err != nil {
		return true
	}
	n.unwritten[path] = info
	return false
}

// renamed says that one of our files has another name now.
func (n *names) renamed(from, to string, info fs.FileInfo) {
	if m, known := n.marks[from]; known { // else marked would open the file again after each Place
		n.marks[to] = m
	}
	if info != nil {
		n.unwritten[to] = info
	}
}

// numberBehind returns the first free one of name.i, name.i+1 and so on.
func (n *names) numberBehind(name string, i int) (string, error) {
	for range 1 << 20 {
		if numbered := name + "." + strconv.Itoa(i); free(numbered) {
			return numbered, nil
		}
		i++
	}
	return "", fmt.Errorf("there is no free name behind %s.%d", name, i)
}
