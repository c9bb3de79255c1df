package disklog

import (
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// View is a snapshot of the files of a folder, for command diskdump. It takes no lock: a Log may have the folder open.
type View struct {
	Segments []SegmentView
	Cursors  []CursorView

	dir string
}

// SegmentView is one segment.
type SegmentView struct {
	Name  string // of the file
	First uint64 // number of its first record, from its name
	Aside bool   // it was put aside

	id segmentID
}

// CursorView is one cursor.
type CursorView struct {
	Name   string
	Number uint64
	Known  bool // false: its file is damaged
}

// NewView lists a folder. It leaves out files that do not belong to a log.
func NewView(dir string) (*View, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	v := &View{dir: dir}
	for _, e := range entries {
		name, aside := strings.CutSuffix(e.Name(), asideSuffix)
		if id, ok := parseName(name); ok && e.Type().IsRegular() {
			v.Segments = append(v.Segments, SegmentView{e.Name(), id.first, aside, id})
		} else if cursor, ok := parseCursorName(e.Name()); ok && e.Type().IsRegular() {
			if err := v.addCursor(e.Name(), cursor); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(v.Segments, func(a, b SegmentView) int {
		return cmp.Or(cmp.Compare(a.id.first, b.id.first), cmp.Compare(a.id.nonce, b.id.nonce))
	})
	return v, nil
}

func (v *View) addCursor(file, name string) error {
	f, err := os.Open(filepath.Join(v.dir, file))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	c, known := readCursor(diskFile{f})
	v.Cursors = append(v.Cursors, CursorView{name, c.number, known})
	return nil
}

// Extent is what Walk has found in a segment.
type Extent struct {
	Bytes   int64  // size of the file
	Records uint64 // intact records
	Last    uint64 // number of the last of them
	Missing uint64 // numbers without an intact record, up to the next segment, or up to Last in the last one
	Behind  int64  // bytes behind the last intact record: torn, or just being written
}

// Walk calls add for each intact record of segment i that no later segment replaces, until add returns an error. The payload is valid
// during the call. If the segment has been removed meanwhile, the error wraps fs.ErrNotExist.
func (v *View) Walk(i int, add func(number uint64, payload []byte) error) (x Extent, err error) {
	s := v.Segments[i]
	f, err := os.Open(filepath.Join(v.dir, s.Name))
	if err != nil {
		return x, err
	}
	defer func() { _ = f.Close() }()
	if x.Bytes, err = (diskFile{f}).size(); err != nil {
		return x, err
	}
	limit, next := v.limit(i), s.First
	scan := newScanner(s.id.nonce, diskFile{f})
	for size := x.Bytes; ; {
		number, payload, ok := scan.next()
		switch {
		case ok && number < limit:
			x.Missing += max(number, next) - next
			next, x.Last = number+1, number
			x.Records++
			if err := add(number, payload); err != nil {
				return x, err
			}
		case ok:
		case scan.read() >= size:
			x.Behind = x.Bytes - scan.end
			if limit != noLimit {
				x.Missing += max(limit, next) - next
			}
			return x, nil
		default:
			err := scan.fill(size)
			if errors.Is(err, io.ErrUnexpectedEOF) {
				size = scan.short
			} else if err != nil && scan.failures == 0 {
				return x, err
			}
		}
	}
}

// limit returns the first number of the segment after segment i. Segments put aside replace nothing, and are not replaced.
func (v *View) limit(i int) uint64 {
	if v.Segments[i].Aside {
		return noLimit
	}
	for _, s := range v.Segments[i+1:] {
		if !s.Aside {
			return s.First
		}
	}
	return noLimit
}
