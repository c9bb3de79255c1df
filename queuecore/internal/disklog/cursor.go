package disklog

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// A cursor is a file of two slots, which are written in turn, so that one is intact whatever happens to the other:
//
//	┌────────────┬────────┬─────┬───┐
//	│ generation │ number │ crc │ 0 │  twice
//	│ u64        │ u64    │ u32 │u32│
//	└────────────┴────────┴─────┴───┘
//
// The intact slot with the higher generation counts.
const (
	slotSize     = 24
	cursorPrefix = "cursor-"
)

type cursor struct {
	file       file
	generation uint64
	number     uint64 // its reader is done with the records up to this one
	dirty      bool   // not synced
}

// plainName matches names that a file name can hold as they are. It excludes capital letters, for some systems ignore case.
var plainName = regexp.MustCompile(`^[a-z0-9_-]{1,100}$`)

// cursorName returns the file name of a cursor, whose name may be any string.
func cursorName(name string) string {
	if plainName.MatchString(name) {
		return cursorPrefix + "n-" + name
	}
	return cursorPrefix + "x-" + hex.EncodeToString([]byte(name))
}

// parseCursorName is the reverse of cursorName.
func parseCursorName(file string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(file, cursorPrefix)
	if !ok {
		return "", false
	}
	if plain, ok := strings.CutPrefix(rest, "n-"); ok {
		return plain, plainName.MatchString(strings.ToLower(plain)) // earlier versions wrote capital letters as they are
	}
	digits, ok := strings.CutPrefix(rest, "x-")
	b, err := hex.DecodeString(digits)
	return string(b), ok && err == nil
}

// readCursor reads a cursor; ok is false if neither slot is intact.
func readCursor(f file) (c *cursor, ok bool) {
	c = &cursor{file: f}
	var b [2 * slotSize]byte
	n, err := f.ReadAt(b[:], 0)
	for again := 1; again < mayFailRead && err != nil && !errors.Is(err, io.EOF); again++ {
		n, err = f.ReadAt(b[:], 0)
	}
	for at := 0; at+slotSize <= n; at += slotSize {
		slot := b[at : at+slotSize]
		generation, number := binary.LittleEndian.Uint64(slot), binary.LittleEndian.Uint64(slot[8:])
		if binary.LittleEndian.Uint32(slot[16:]) == checksum(slot[:16]) && generation > c.generation && number <= lastPlausible {
			c.generation, c.number, ok = generation, number, true
		}
	}
	return c, ok
}

// set writes the number to the slot whose turn it is. If the disk is full and the cursor was never written, it is kept in memory only: its
// reader makes room, and should the process end before, begins with the oldest record again.
func (c *cursor) set(number uint64) error {
	var slot [slotSize]byte
	binary.LittleEndian.PutUint64(slot[:], c.generation+1)
	binary.LittleEndian.PutUint64(slot[8:], number)
	binary.LittleEndian.PutUint32(slot[16:], checksum(slot[:16]))
	at := int64((c.generation + 1) % 2 * slotSize)
	if _, err := c.file.WriteAt(slot[:], at); err != nil {
		if c.generation == 0 && (errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)) {
			c.number = number
			return nil
		}
		return err
	}
	c.generation++
	c.number, c.dirty = number, true
	return nil
}

// cursors are the cursors of a log, by name.
type cursors map[string]*cursor

func (all cursors) dirty() bool {
	for _, c := range all {
		if c.dirty {
			return true
		}
	}
	return false
}

// sync makes the cursors safe from a loss of power.
func (all cursors) sync() error {
	for _, c := range all {
		if c.dirty {
			if err := c.file.sync(); err != nil {
				return err
			}
			c.dirty = false
		}
	}
	return nil
}

// lowest returns the number that all cursors have reached.
func (all cursors) lowest() uint64 {
	lowest := uint64(noLimit)
	for _, c := range all {
		lowest = min(lowest, c.number)
	}
	return lowest
}

// full returns an error that wraps ErrFull and says for which cursors the bytes are kept.
func (all cursors) full(bytes int64) error {
	var names []string
	for name, c := range all {
		if c.number == all.lowest() {
			names = append(names, strconv.Quote(name))
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("%w: of %d bytes, which nobody has read yet", ErrFull, bytes)
	}
	slices.Sort(names)
	return fmt.Errorf("%w: of %d bytes, for %s, which has not passed record %d", ErrFull, bytes, strings.Join(names, " and "), all.lowest()+1)
}

// forget removes a cursor.
func (all cursors) forget(files filesystem, name string) error {
	c := all[name]
	if c == nil {
		return nil
	}
	delete(all, name)
	return errors.Join(c.file.Close(), files.remove(cursorName(name)), files.sync()) // Windows does not remove what is open
}

// restore makes cursor files again that were removed; all of them, if another says that the folder is a new one.
func (all cursors) restore(files filesystem, another bool) error {
	for name, c := range all {
		if !another && !c.file.unlinked() {
			continue
		}
		f, err := files.open(cursorName(name))
		if err != nil {
			return err
		}
		_ = c.file.Close()
		c.file = f
		if err := c.set(c.number); err != nil {
			return err
		}
	}
	return nil
}
