package backups

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"example.com/zaphandlers/writesyncers/internal/fsys"
	"go.uber.org/multierr"
)

// Gzip is the end of the name of a compressed backup.
const Gzip = ".gz"

// ErrAborted is returned by Compress when it was aborted.
var ErrAborted = errors.New("given up at Close; the next start does it")

// Mark marks a compressed backup, in the header of the gzip file: with the log it belongs to, and the time of the last write to the plain
// file. The log's name is in a subfield of its own (RFC 1952, 2.3.1.1), and also in the field for the name if that can hold it.
type Mark struct {
	Base    string // the log's name without its directory
	ModTime time.Time
}

// markID begins the subfield; the log's name follows.
const markID = "zh"

// header returns the header of the gzip file. Its field for the name takes Latin-1 only, and is left empty for other names.
func (m Mark) header() gzip.Header {
	h := gzip.Header{ModTime: m.ModTime, OS: osUnknown}
	base := m.Base[:min(len(m.Base), 0xffff)]
	h.Extra = append(h.Extra, markID[0], markID[1], byte(len(base)), byte(len(base)>>8))
	h.Extra = append(h.Extra, base...)
	for _, r := range m.Base {
		if r == 0 || r > 0xff {
			return h
		}
	}
	h.Name = m.Base
	return h
}

const osUnknown = 255

// bears reports whether a header has the mark of a log, or only the name, as earlier versions wrote it.
func bears(h gzip.Header, base string) bool {
	for extra := h.Extra; len(extra) >= 4; {
		size := 4 + (int(extra[2]) | int(extra[3])<<8)
		if size > len(extra) {
			break
		}
		if string(extra[:2]) == markID {
			return string(extra[4:size]) == base
		}
		extra = extra[size:]
	}
	return len(h.Extra) == 0 && h.Name == base && h.OS == osUnknown
}

// bearsMark reports whether the file at path is a gzip file with the mark of a log. An error says that this cannot be found out at the
// moment.
func bearsMark(path, base string) (ours bool, err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|fsys.NoFollow|fsys.Nonblock, 0)
	if err == nil {
		defer f.Close()
		var z *gzip.Reader
		if z, err = gzip.NewReader(f); err == nil {
			return bears(z.Header, base), nil
		}
	}
	if fsys.Passing(err) {
		return false, err
	}
	return false, nil
}

// isCompressed reports whether the file at path is a gzip file, whoever has made it. If that cannot be found out, it returns true.
func isCompressed(path string) bool {
	f, err := os.OpenFile(path, os.O_RDONLY|fsys.NoFollow|fsys.Nonblock, 0)
	if err != nil {
		return true
	}
	defer f.Close()
	_, err = gzip.NewReader(f)
	return err == nil || !errors.Is(err, gzip.ErrHeader) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF)
}

// level makes files that are hardly larger than those of gzip -6, in a third of the CPU time. gzip.BestSpeed costs the same, and in Go
// 1.26 its files are a tenth larger.
const level = 2

// Compress writes the compressed form of src to dst, with the mark, and syncs it. It returns ErrAborted when abort is
// closed. dst stays open; after an error it is not a complete gzip file.
func Compress(dst *os.File, src io.Reader, mark Mark, abort <-chan struct{}) error {
	z, err := gzip.NewWriterLevel(dst, level)
	if err != nil {
		return err
	}
	z.Header = mark.header()
	if err := compress(z, src, abort); err != nil {
		return err
	}
	if err := multierr.Append(z.Close(), dst.Sync()); err != nil {
		return err
	}
	return os.Chtimes(dst.Name(), mark.ModTime, mark.ModTime)
}

// compress copies src to z. It does not use io.Copy, whose special cases for files and sockets make each program 40 KiB larger.
func compress(z io.Writer, src io.Reader, abort <-chan struct{}) error {
	buf := make([]byte, 256<<10)
	for {
		select {
		case <-abort:
			return ErrAborted
		default:
		}
		n, readErr := src.Read(buf)
		if _, err := z.Write(buf[:n]); err != nil {
			return err
		}
		if readErr == io.EOF {
			return nil
		}
		if readErr != nil {
			return readErr
		}
	}
}

// SameContents returns nil if gz is a complete gzip file of exactly the contents of the file plain.
func SameContents(gz, plain string) error {
	z, err := os.Open(gz)
	if err != nil {
		return err
	}
	defer z.Close()
	p, err := os.Open(plain)
	if err != nil {
		return err
	}
	defer p.Close()
	unpacked, err := gzip.NewReader(z)
	if err != nil {
		return fmt.Errorf("%s: %w", gz, err)
	}
	if err := sameBytes(unpacked, p); err != nil {
		return fmt.Errorf("%s is not %s compressed: %w", gz, plain, err)
	}
	return nil
}

// sameBytes compares two readers to their ends. unpacked must also reach the proper end of its gzip file.
func sameBytes(unpacked, plain io.Reader) error {
	one, other := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, err := io.ReadFull(unpacked, one)
		m, _ := io.ReadFull(plain, other)
		if !bytes.Equal(one[:n], other[:m]) {
			return errors.New("contents differ")
		}
		if err == nil {
			continue
		}
		if err != io.EOF && err != io.ErrUnexpectedEOF { // ReadFull returns these two at the end of a reader
			return err
		}
		if _, err := unpacked.Read(one); err != io.EOF {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
}
