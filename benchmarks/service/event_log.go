package main

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unicode/utf16"

	"example.com/zaphandlers/eventlog"
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/zap/zapcore"
)

// eventLog is the Windows event log: a log of its own, which wevtutil, a part of Windows, empties and reads back. It is left out
// where there is none, where the rights for that are missing, and under wine, whose log keeps nothing.
type eventLog struct {
	core *eventlog.Core
	dir  string
}

const (
	eventSource = "zaphandlers service"
	eventLogMax = 4 << 30 // bytes; a log that is full forgets its oldest events
)

func (d *eventLog) config() eventlog.Config {
	return eventlog.Config{Encoder: newEncoder(), Source: eventSource, Log: eventSource, InstallIfMissing: true}
}

func (d *eventLog) open(dir string) (zapcore.Core, error) {
	d.dir = dir
	var err error
	d.core, err = eventlog.New(d.config())
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	if err != nil {
		return nil, err
	}
	if err := emptyLog(); err != nil {
		return nil, fmt.Errorf("%w: %w", errors.ErrUnsupported, errors.Join(err, d.core.Close(), eventlog.Remove(d.config())))
	}
	return d.core, nil
}

// emptyLog makes the log large and empty, and finds out whether it can be read.
func emptyLog() error {
	for _, args := range [][]string{{"set-log", eventSource, fmt.Sprint("/maxsize:", int64(eventLogMax))}, {"clear-log", eventSource}} {
		if out, err := exec.Command("wevtutil", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("wevtutil %s: %w: %s", args[0], err, bytes.TrimSpace(out))
		}
	}
	info, err := exec.Command("wevtutil", "get-loginfo", eventSource).Output()
	if err != nil || !strings.Contains(string(info), "numberOfLogRecords") {
		return fmt.Errorf("wevtutil get-loginfo %q gives no number of records: the log cannot be read back", eventSource)
	}
	return nil
}

func (d *eventLog) close() error { return d.core.Close() }

func (d *eventLog) stats() base.Stats { return d.core.Stats() }

// readBack has wevtutil write all events into a file, and reads that.
func (d *eventLog) readBack(t *tally) error {
	file, err := os.Create(filepath.Join(d.dir, "events.xml"))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	query := exec.Command("wevtutil", "query-events", eventSource, "/format:xml", "/unicode:true")
	query.Stdout = file
	if err := query.Run(); err != nil {
		return fmt.Errorf("wevtutil query-events: %w", err)
	}
	size, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	t.files++
	t.bytes += size
	if err := readEvents(file, t.addJSON); err != nil {
		return err
	}
	return eventlog.Remove(d.config())
}

// readEvents calls add with the text of each event: XML elements without a root, in UTF-16.
func readEvents(r io.Reader, add func(text []byte, where string)) error {
	events := xml.NewDecoder(&utf16Reader{r: r})
	for n := 1; ; n++ {
		var event struct {
			Data []string `xml:"EventData>Data"`
		}
		switch err := events.Decode(&event); {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("event %d: %w", n, err)
		}
		// What the core puts between a percent sign and a number goes again.
		add([]byte(strings.ReplaceAll(strings.Join(event.Data, ""), "%\u200b", "%")), fmt.Sprintf("event %d", n))
	}
}

const byteOrderMark = 0xfeff

// utf16Reader makes UTF-8 of little-endian UTF-16. A byte order mark is left out.
type utf16Reader struct {
	r    io.Reader
	out  []byte // UTF-8 that was not read yet
	rest []byte // the bytes of an incomplete character
	err  error  // of r
	past bool   // the place for a byte order mark
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.out) == 0 && u.err == nil {
		in := make([]byte, 64<<10)
		n := copy(in, u.rest)
		var more int
		more, u.err = u.r.Read(in[n:])
		u.decode(in[:n+more])
	}
	if len(u.out) == 0 {
		return 0, u.err
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

func (u *utf16Reader) decode(in []byte) {
	var units []uint16
	for ; len(in) >= 2; in = in[2:] {
		unit := binary.LittleEndian.Uint16(in)
		if unit>>10 == 0xd800>>10 && len(in) < 4 && u.err == nil {
			break // the other half of the pair comes with the next read
		}
		units = append(units, unit)
	}
	u.rest = in
	if !u.past && len(units) > 0 {
		u.past = true
		if units[0] == byteOrderMark {
			units = units[1:]
		}
	}
	u.out = []byte(string(utf16.Decode(units)))
}
