package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// writer is one that rotates. Those that have a plain one are ours, and compared with the writer of that name.
type writer struct {
	name  string
	plain string
	open  func(path string, r rotation) (io.WriteCloser, error)
}

func (w writer) comparison() string {
	if w.plain == "" {
		return ""
	}
	return "compared with " + w.plain
}

// rotation says when a writer rotates, and what it keeps.
type rotation struct {
	limit   int           // bytes in a file
	backups int           // that are kept
	every   time.Duration // how long the records of a file take
}

const (
	recordBytes = 100
	fileBytes   = 64 << 10
	greeting    = 0 // the number of the records that do not count
)

// recordsPerFile is how many fit.
const recordsPerFile = fileBytes / recordBytes

// appendRecord appends the record with a number.
func appendRecord(dst []byte, number int) []byte {
	start := len(dst)
	dst = fmt.Appendf(dst, "W %07d ", number)
	for len(dst) < start+recordBytes-1 {
		dst = append(dst, 'x')
	}
	return append(dst, '\n')
}

// write writes the records 1 to n, as many in a second as make a file full every r.every.
func write(ctx context.Context, w io.Writer, n int, r rotation) error {
	pace := time.NewTicker(5 * time.Millisecond)
	defer pace.Stop()
	start, line := time.Now(), []byte(nil)
	for number := 1; number <= n; {
		due := int(float64(recordsPerFile) * float64(time.Since(start)) / float64(r.every))
		for ; number <= min(n, due); number++ {
			line = appendRecord(line[:0], number)
			if _, err := w.Write(line); err != nil {
				return fmt.Errorf("record %d: %w", number, err)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pace.C:
		}
	}
	return nil
}

// chosenWriters returns those that a flag names, and those that they are compared with.
func chosenWriters(words string) (some []writer) {
	need := make(map[string]bool)
	for _, w := range writers() {
		if chosen(w.name, words) {
			need[w.name], need[w.plain] = true, true
		}
	}
	for _, w := range writers() {
		if need[w.name] {
			some = append(some, w)
		}
	}
	return some
}

// short is the name of a writer as a folder's.
func (w writer) short() string {
	return strings.NewReplacer(" ", "-", ",", "", "×", "x", "+", "").Replace(w.name)
}
