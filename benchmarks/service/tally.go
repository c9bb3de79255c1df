package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// maxRecord is the longest record that is read back, or line that is read from -input, in bytes.
const maxRecord = 16 << 20

// tally finds out which of the records 0 to logged-1 are in a destination, and which are missing, doubled or damaged. It needs one bit for
// each record.
type tally struct {
	logged   uint64
	wants    func(seq uint64) bool // which are to be there; nil: all
	repeated uint64                // how many may be there twice: what a destination says it repeated

	seen     set    // records that were found, intact
	found    uint64 // how many, doubles included
	bytes    int64
	files    int
	doubled  ranges
	damaged  findings
	unknown  ranges
	unwanted ranges
}

func newTally(logged uint64) *tally { return &tally{logged: logged} }

// readFiles reads every file that glob matches.
func (t *tally) readFiles(glob string) error {
	paths, err := filepath.Glob(glob)
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := t.readFile(path); err != nil {
			return err
		}
	}
	return nil
}

// readFile reads a file that has one JSON object a line, in the names of newEncoder.
func (t *tally) readFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	t.files++
	t.bytes += info.Size()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxRecord)
	for n := 1; lines.Scan(); n++ {
		t.addJSON(lines.Bytes(), fmt.Sprintf("%s line %d", filepath.Base(path), n))
	}
	if lines.Err() != nil {
		return fmt.Errorf("%s: %w", path, lines.Err())
	}
	return nil
}

// addJSON counts one record that was found at where.
func (t *tally) addJSON(text []byte, where string) {
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		t.damaged.add(fmt.Sprintf("%s: %v: %.80q", where, err, text))
		return
	}
	t.add(&r, where)
}

// add counts one record that was found at where.
func (t *tally) add(r *record, where string) {
	switch {
	case r.Sum != r.checksum():
		t.damaged.add(fmt.Sprintf("%s: record %d is not what was logged", where, r.Seq))
	case r.Seq >= t.logged:
		t.unknown.add(r.Seq)
	default:
		t.found++
		if t.seen.has(r.Seq) {
			t.doubled.add(r.Seq)
		} else if t.wants != nil && !t.wants(r.Seq) {
			t.unwanted.add(r.Seq)
		}
		t.seen.add(r.Seq)
	}
}

// missing returns the records that are to be there and were not found.
func (t *tally) missing() *ranges {
	var missing ranges
	for i := range t.logged {
		if !t.seen.has(i) && (t.wants == nil || t.wants(i)) {
			missing.add(i)
		}
	}
	return &missing
}

// wanted returns how many records are to be there.
func (t *tally) wanted() uint64 {
	if t.wants == nil {
		return t.logged
	}
	n := uint64(0)
	for i := range t.logged {
		if t.wants(i) {
			n++
		}
	}
	return n
}

// problems says what is wrong, a line each; nil if nothing is.
func (t *tally) problems() []string {
	var lines []string
	for _, p := range []struct {
		what string
		*ranges
	}{{"missing", t.missing()}, {"doubled", &t.doubled}, {"never logged", &t.unknown}, {"not wanted here", &t.unwanted}} {
		if p.count > 0 && (p.ranges != &t.doubled || p.count > t.repeated) {
			lines = append(lines, fmt.Sprintf("%s: %s: records %s", plural(p.count, "record"), p.what, p.ranges))
		}
	}
	if t.damaged.count > 0 {
		lines = append(lines, fmt.Sprintf("%s: damaged: %s", plural(t.damaged.count, "record"), &t.damaged))
	}
	return lines
}

// set is a set of numbers from 0, one bit each.
type set struct{ words []uint64 }

func (s *set) add(n uint64) {
	for uint64(len(s.words)) <= n/64 {
		s.words = append(s.words, 0)
	}
	s.words[n/64] |= 1 << (n % 64)
}

func (s *set) has(n uint64) bool {
	return n/64 < uint64(len(s.words)) && s.words[n/64]&(1<<(n%64)) != 0
}

// named is how many records, runs of records or findings are named; all are counted.
const named = 10

// ranges remembers numbers as the runs they come in.
type ranges struct {
	count uint64
	runs  [][2]uint64
}

func (r *ranges) add(n uint64) {
	r.count++
	last := len(r.runs) - 1
	switch {
	case last >= 0 && r.runs[last][1]+1 == n:
		r.runs[last][1] = n
	case len(r.runs) <= named:
		r.runs = append(r.runs, [2]uint64{n, n})
	}
}

// String names the first of them.
func (r *ranges) String() string {
	var parts []string
	for _, run := range r.runs[:min(named, len(r.runs))] {
		if run[0] == run[1] {
			parts = append(parts, fmt.Sprint(run[0]))
		} else {
			parts = append(parts, fmt.Sprintf("%d–%d", run[0], run[1]))
		}
	}
	if len(r.runs) > named {
		parts = append(parts, "…")
	}
	return strings.Join(parts, ", ")
}

// findings remembers the first of many texts.
type findings struct {
	count uint64
	texts []string
}

func (f *findings) add(text string) {
	f.count++
	if len(f.texts) < named {
		f.texts = append(f.texts, text)
	}
}

// String gives each a line of its own.
func (f *findings) String() string {
	text := "\n    " + strings.Join(f.texts, "\n    ")
	if f.count > uint64(len(f.texts)) {
		text += "\n    …"
	}
	return text
}
