package segments

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	base "example.com/zaphandlers/zapcore"
)

// cursor is a reader's place. Its fields but for acked belong to its reader.
type cursor struct {
	name  string
	acked uint64 // guarded by Log.mu
	file  *os.File
	slot  int  // of the file, which acked is in
	dirty bool // the file is not synced

	at   *segment // where the record after the last that was read begins; nil if that is to be looked for
	from *os.File // of at
	off  int64
	next uint64 // its number, at least
	buf  []byte // owned by the batch of the last Read
}

func (l *Log) openCursors() error {
	names, err := list(l.cfg.Dir, ".cur")
	if err != nil {
		return err
	}
	for _, path := range names {
		name, err := hex.DecodeString(strings.TrimSuffix(filepath.Base(path), ".cur"))
		if err != nil {
			continue // not ours
		}
		if _, err := l.openCursor(string(name)); err != nil {
			return err
		}
	}
	return nil
}

// openCursor makes a cursor known. One that is new begins with the oldest record, and so does one that is damaged.
func (l *Log) openCursor(name string) (*cursor, error) {
	path := filepath.Join(l.cfg.Dir, hex.EncodeToString([]byte(name))+".cur")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	c := &cursor{name: name, file: f, acked: l.oldestLocked() - 1}
	b := make([]byte, 2*slotSize)
	n, _ := f.ReadAt(b, 0)
	number, in, ok := parseCursor(b[:n])
	switch {
	case ok:
		c.acked, c.slot = number, in
	case n > 0:
		l.damaged++
		l.cfg.OnError(fmt.Errorf("queuecore: cursor %q is damaged, and begins with the oldest record", name))
	}
	if !ok {
		if err := c.store(c.acked); err != nil {
			f.Close()
			return nil, err
		}
	}
	l.cursors[name] = c
	return c, nil
}

// store writes a number to the older slot.
func (c *cursor) store(number uint64) error {
	c.slot, c.dirty = 1-c.slot, true
	_, err := c.file.WriteAt(slot(number), int64(c.slot*slotSize))
	return err
}

func (c *cursor) sync() error {
	if !c.dirty {
		return nil
	}
	c.dirty = false
	return datasync(c.file)
}

// cursorLocked returns the cursor of that name, which it makes known.
func (l *Log) cursorLocked(name string) (*cursor, error) {
	if l.closed {
		return nil, fmt.Errorf("queuecore: %w", base.ErrClosed)
	}
	if c := l.cursors[name]; c != nil {
		return c, nil
	}
	return l.openCursor(name)
}

// Ack says that the cursor is done with the records up to that number.
func (l *Log) Ack(name string, number uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, err := l.cursorLocked(name)
	switch {
	case err != nil:
		return err
	case number > l.last:
		return fmt.Errorf("queuecore: cursor %q acknowledges record %d of %d", name, number, l.last)
	case number <= c.acked:
		return nil
	}
	if err := c.store(number); err != nil {
		return fmt.Errorf("queuecore: cursor %q: %w", name, err)
	}
	c.acked = number
	l.releaseLocked()
	return nil
}

// Read adds to batch what follows the last record that the cursor has acknowledged, up to a record that is missing.
func (l *Log) Read(ctx context.Context, name string, batch *base.Batch) (last uint64, err error) {
	for {
		l.mu.Lock()
		c, err := l.cursorLocked(name)
		if err != nil {
			l.mu.Unlock()
			return 0, err
		}
		if c.next != c.acked+1 { // it reads again what was read and not acknowledged
			c.at, c.next = nil, c.acked+1
		}
		s, upto := l.placeLocked(c)
		appended := l.appended
		l.mu.Unlock()
		if s != nil {
			last, err = l.read(c, upto, batch)
			if err != nil {
				return 0, err
			}
			if batch.Len() > 0 {
				return last, nil
			}
			continue
		}
		select {
		case <-appended:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// placeLocked finds where the cursor's next record begins, and returns its segment and how far that goes; nil if there is none yet.
func (l *Log) placeLocked(c *cursor) (s *segment, upto int64) {
	for i, s := range l.segments {
		isLast := i == len(l.segments)-1
		if !isLast && l.segments[i+1].first <= c.next {
			continue
		}
		if c.at != s {
			c.at, c.off = s, headerSize
			c.next = max(c.next, s.first)
		}
		if c.off < s.size {
			c.from = s.file
			return s, s.size
		}
		if isLast {
			return nil, 0
		}
		c.next = l.segments[i+1].first // what was to come in this one is lost
	}
	return nil, 0
}

// readBytes is how much a Read takes from a file at once, if a record is no larger.
const readBytes = 256 << 10

// read adds records from the cursor's place on.
func (l *Log) read(c *cursor, upto int64, batch *base.Batch) (last uint64, err error) {
	if err := c.load(min(readBytes, upto-c.off)); err != nil {
		return 0, l.readError(err)
	}
	off := 0
	for off < len(c.buf) {
		tape, number, need, ok := recordAt(c.buf[off:], c.at.salt)
		switch {
		case ok && number < c.next: // acknowledged before
			off += size(len(tape))
			continue
		case ok && (number == c.next || batch.Len() == 0):
			batch.Add(tape)
			last, c.next = number, number+1
			off += size(len(tape))
			continue
		case ok, batch.Len() > 0 && need > 0: // behind a gap, or cut off by the end of the buffer
		case need > len(c.buf)-off && c.off+int64(off+need) <= upto:
			c.off += int64(off)
			if err := c.load(int64(need)); err != nil {
				return 0, l.readError(err)
			}
			off = 0
			continue
		case batch.Len() == 0:
			off = l.skip(c, off, upto)
			continue
		}
		break
	}
	c.off += int64(off)
	return last, nil
}

func (l *Log) readError(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("queuecore: %w", base.ErrClosed)
	}
	return fmt.Errorf("queuecore: %v", err)
}

// load reads so many bytes from the cursor's place on.
func (c *cursor) load(n int64) error {
	if int64(cap(c.buf)) < n {
		c.buf = make([]byte, max(n, readBytes))
	}
	c.buf = c.buf[:n]
	_, err := c.from.ReadAt(c.buf, c.off)
	return err
}

// skip passes over what is damaged at off, and returns where in the buffer the next whole record is. If there is none the cursor goes to
// the end of the segment.
func (l *Log) skip(c *cursor, off int, upto int64) int {
	l.mu.Lock()
	l.damaged++
	l.mu.Unlock()
	c.off += int64(off)
	if err := c.load(upto - c.off); err == nil {
		if next := nextRecord(c.buf, 8, c.at.salt, c.next, c.next+maxGap); next >= 0 {
			return next
		}
	}
	return len(c.buf)
}
