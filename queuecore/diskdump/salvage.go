package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"example.com/zaphandlers/queuecore/internal/disklog"
)

// salvage copies every intact record into a new folder.
func salvage(view *disklog.View, to string, cursors bool, stdout, stderr io.Writer) (err error) {
	if there, err := os.ReadDir(to); err == nil && len(there) > 0 {
		return fmt.Errorf("%s is not empty", to)
	}
	log, err := disklog.Open(disklog.Options{Dir: to, OnError: func(err error) { fmt.Fprintln(stderr, err) }})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	copied, passed, err := copyRecords(view, log, stderr)
	if err != nil {
		return err
	}
	if cursors {
		if err := copyCursors(view, log, passed); err != nil {
			return err
		}
	}
	fmt.Fprintf(stdout, "records in %s: %d\n", to, copied)
	return log.Sync()
}

// copyRecords appends every intact record to log, and returns how many there are. passed has for each cursor the new number of the
// last record that it has passed.
func copyRecords(view *disklog.View, log *disklog.Log, stderr io.Writer) (copied uint64, passed map[string]uint64, err error) {
	passed = make(map[string]uint64)
	for i, s := range view.Segments {
		x, err := view.Walk(i, func(number uint64, payload []byte) error {
			last, err := log.Append([][]byte{payload})
			for _, c := range view.Cursors {
				if number <= c.Number {
					passed[c.Name] = last
				}
			}
			copied = last
			return err
		})
		if err != nil {
			return 0, nil, err
		}
		if x.Missing > 0 {
			fmt.Fprintf(stderr, "%s: records missing: %d\n", s.Name, x.Missing)
		}
	}
	return copied, passed, nil
}

// copyCursors copies all cursors, each with its number in passed.
func copyCursors(view *disklog.View, log *disklog.Log, passed map[string]uint64) error {
	for _, c := range view.Cursors {
		if err := log.Ack(c.Name, 0); err != nil { // makes all cursors known before one moves, which could remove segments
			return err
		}
	}
	for name, number := range passed {
		if err := log.Ack(name, number); err != nil {
			return err
		}
	}
	return nil
}
