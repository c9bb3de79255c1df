package writesyncers

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
)

// numbered names backups base.1, base.2, …, the newest first. To make room every one of them moves up a number; the one
// that would be beyond count is removed.
type numbered struct {
	base  string
	count int // -1: no end
	namer func(string) string
}

func (n *numbered) name(i int) string {
	name := n.base + "." + strconv.Itoa(i)
	if n.namer != nil {
		name = n.namer(name)
	}
	return name
}

func (n *numbered) place(src string, move func(src, dst string) error) (string, error) {
	var dst string
	err := guard(func() error { // the namer is the user's code
		if err := n.shift(); err != nil {
			return err
		}
		dst = n.name(1)
		return move(src, dst)
	})
	return dst, err
}

// shift frees number 1. Numbers that are missing stay missing, as in Python.
func (n *numbered) shift() error {
	last := n.count - 1
	if n.count < 0 {
		for last = 0; exists(n.name(last + 1)); {
			last++
		}
	} else if err := remove(n.name(n.count)); err != nil {
		return err
	}
	for i := last; i >= 1; i-- {
		err := renameNew(n.name(i), n.name(i+1))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// remove removes a file that may be gone already.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
