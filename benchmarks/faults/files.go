package faults

import (
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

	"example.com/zaphandlers/benchmarks/suite"
)

const (
	shortLine = 100
	longLine  = 1 << 10
)

func fileFaults() []fault {
	return []fault{
		{"disk full for a while", 1500, writing(diskFull, slices.Concat([]writer{oursFile, oursBuffered, oursRotating, osFile, zapBuffered}, rotators))},
		{"rotation refused for a while", 3000, writing(rotationRefused, slices.Concat([]writer{oursRotating}, rotators))},
		{"file moved away and removed", 300, writing(movedAway, slices.Concat([]writer{oursWatched, oursRotating, osFile}, rotators))},
		{"copytruncate by logrotate", 300, writing(copyTruncate, slices.Concat([]writer{oursFile, oursRotating, osFile}, rotators))},
		{"two writers on one file", 4000, writing(twoWriters, slices.Concat([]writer{oursShared, oursRotating}, rotators))},
		{"100 rotations at once", 100, writing(rotationsAtOnce, slices.Concat([]writer{oursRotating}, rotators))},
	}
}

func writing(staged func(w writer, records int) (outcome, error), writers []writer) (handlers []handler) {
	for _, w := range writers {
		handlers = append(handlers, handler{w.name, func(records int) (outcome, error) { return staged(w, records) }})
	}
	return handlers
}

// scene is a writer at work in a directory of its own, and what became of its records.
type scene struct {
	dir string
	w   io.WriteCloser
	*ledger
}

func (l *scene) write(number, size int) {
	_, err := io.WriteString(l.w, record(number, size-1)+"\n")
	l.wrote(number, err)
}

// files are those in the directory, but for hidden ones and links.
func (l *scene) files() (paths []string, err error) {
	entries, err := os.ReadDir(l.dir)
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasPrefix(e.Name(), "app") {
			paths = append(paths, filepath.Join(l.dir, e.Name()))
		}
	}
	return paths, err
}

// each calls f with each file.
func (l *scene) each(f func(path string) error) error {
	paths, err := l.files()
	for _, path := range paths {
		err = multierr.Append(err, f(path))
	}
	return err
}

// takeFile reads a file into the ledger.
func (l *scene) takeFile(path string) error {
	text, err := os.ReadFile(path)
	l.takeLines(text)
	return err
}

// logged has a writer write in dir, while during stages what happens, and returns what came of it.
func logged(w writer, dir string, records int, during func(l *scene) error) (outcome, error) {
	out, err := w.open(filepath.Join(dir, "app.log"))
	if err != nil {
		return outcome{}, err
	}
	l := &scene{dir: dir, w: out, ledger: newLedger()}
	err = during(l)
	_ = out.Close() // an error here does not say which records it speaks of
	err = multierr.Append(err, l.each(l.takeFile))
	return l.outcome(records), err
}

// inside runs f in a new directory.
func inside(f func(dir string) (outcome, error)) (outcome, error) {
	dir, err := os.MkdirTemp("", "faults")
	if err != nil {
		return outcome{}, err
	}
	o, err := f(dir)
	for range 100 { // some still work in the directory after their Close
		if os.RemoveAll(dir) == nil {
			return o, err
		}
		time.Sleep(pace)
	}
	return o, multierr.Append(err, os.RemoveAll(dir))
}

// diskFull has a disk with room for 600 lines get full, and have room again after two thirds of the records.
func diskFull(w writer, records int) (outcome, error) {
	const room = 600 * shortLine &^ 4095
	return inside(func(dir string) (o outcome, err error) {
		if err := mount(dir, 2*room); err != nil {
			return o, fmt.Errorf("%w: a small file system cannot be mounted: %w", suite.ErrLeftOut, err)
		}
		defer func() { err = multierr.Append(err, unmount(dir)) }()
		ballast := filepath.Join(dir, "ballast")
		if err := os.WriteFile(ballast, make([]byte, room), 0o600); err != nil {
			return o, err
		}
		return logged(w, dir, records, func(l *scene) error {
			for i := range records {
				if i == 2*records/3 {
					if err := os.Remove(ballast); err != nil {
						return err
					}
				}
				l.write(i, shortLine)
			}
			return nil
		})
	})
}

// rotationRefused has a directory that lets no file be made, renamed or removed for the middle third of the records, in which
// a rotation is due.
func rotationRefused(w writer, records int) (outcome, error) {
	return inside(func(dir string) (outcome, error) {
		defer func() { _ = immutable(dir, false) }()
		return logged(w, dir, records, func(l *scene) error {
			for i := range records {
				var err error
				switch i {
				case records / 5:
					err = immutable(dir, true)
				case 3 * records / 5:
					err = immutable(dir, false)
				}
				if err != nil {
					return fmt.Errorf("%w: a directory cannot be made immutable: %w", suite.ErrLeftOut, err)
				}
				l.write(i, longLine)
			}
			return nil
		})
	})
}

// movedAway has a collector that renames the file, after a third of the records, and after another reads and removes what
// it has renamed.
func movedAway(w writer, records int) (outcome, error) {
	return inside(func(dir string) (outcome, error) {
		var away []string
		return logged(w, dir, records, func(l *scene) error {
			for i := range records {
				var err error
				switch i {
				case records / 3:
					err = l.each(func(path string) error {
						to := filepath.Join(dir, fmt.Sprint("away.", len(away)))
						away = append(away, to)
						return os.Rename(path, to)
					})
				case 2 * records / 3:
					for _, path := range away {
						err = multierr.Append(err, multierr.Append(l.takeFile(path), os.Remove(path)))
					}
				}
				if err != nil {
					return err
				}
				l.write(i, shortLine)
			}
			return nil
		})
	})
}

// copyTruncate does twice what logrotate does with that directive, at a quiet moment.
func copyTruncate(w writer, records int) (outcome, error) {
	return inside(func(dir string) (outcome, error) {
		return logged(w, dir, records, func(l *scene) error {
			for i := range records {
				if i > 0 && (i == records/3 || i == 2*records/3) {
					if err := l.each(func(path string) error {
						return multierr.Append(l.takeFile(path), os.Truncate(path, 0))
					}); err != nil {
						return err
					}
				}
				l.write(i, shortLine)
			}
			return nil
		})
	})
}

// twoWriters has two writers of one path that write in turns, as an old and a new process do during a restart.
func twoWriters(w writer, records int) (outcome, error) {
	return inside(func(dir string) (outcome, error) {
		return logged(w, dir, records, func(l *scene) error {
			second, err := w.open(filepath.Join(dir, "app.log"))
			if err != nil {
				return err
			}
			defer second.Close()
			both := [2]*scene{l, {dir: dir, w: second, ledger: l.ledger}}
			for i := range records {
				both[i%2].write(i, longLine)
			}
			return nil
		})
	})
}

// rotationsAtOnce rotates after each record, as fast as it can.
func rotationsAtOnce(w writer, records int) (outcome, error) {
	return inside(func(dir string) (outcome, error) {
		return logged(w, dir, records, func(l *scene) error {
			for i := range records {
				l.write(i, shortLine)
				if err := rotate(l.w); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
			}
			return nil
		})
	})
}
