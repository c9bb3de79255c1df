package disklog

import (
	"errors"
	"io"
	"os"

	"example.com/zaphandlers/internal/errno"
)

// segment is one file of records.
type segment struct {
	id     segmentID
	file   file // nil: the segment is parked, which means closed until it is needed
	size   int64
	uncut  bool // a part of a failed write, which could not be cut off, is behind size
	sealed bool // nothing may be appended: the bytes behind size are unknown, or the file was removed
}

// open opens a parked segment.
func (s *segment) open(files filesystem) (err error) {
	if s.file == nil {
		s.file, err = files.open(s.id.name())
	}
	return err
}

// close closes or parks a segment. A concurrent use of its file fails with os.ErrClosed, and must open it again.
func (s *segment) close() error {
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return f.Close()
}

// write appends b. After an error it cuts off what was written; if even that fails, the segment is uncut.
func (s *segment) write(b []byte) error {
	_, err := s.file.WriteAt(b, s.size)
	if err == nil {
		s.size += int64(len(b))
		return nil
	}
	if cutErr := s.file.truncate(s.size); cutErr != nil { // always, for WriteAt may return 0 although it wrote a part
		s.uncut = true
		return errors.Join(err, cutErr)
	}
	return err
}

// ready opens a segment for writing, and cuts off what could not be cut off before.
func (s *segment) ready(files filesystem) error {
	if err := s.open(files); err != nil || !s.uncut {
		return err
	}
	err := s.file.truncate(s.size)
	s.uncut = err != nil
	return err
}

// writeWhole writes a complete segment. The file gets its name only when it is complete, because from then on it replaces the records of
// the same numbers in other segments.
func (s *segment) writeWhole(files filesystem, b []byte) (err error) {
	name := s.id.name()
	if s.file, err = files.open(name + unfinishedSuffix); err != nil {
		return err
	}
	err = errors.Join(s.write(b), s.close()) // Windows does not rename what is open
	if err == nil {
		err = files.rename(name+unfinishedSuffix, name) // and is opened when it is needed
	}
	if err != nil {
		return errors.Join(err, files.remove(name+unfinishedSuffix), files.remove(name))
	}
	return nil
}

// findEnd returns the number of the last intact record, 0 if there is none, its end, and how many sectors cannot be read.
func (s *segment) findEnd() (last uint64, end int64, bad int, err error) {
	scan := newScanner(s.id.nonce, s.file)
	for size := s.size; ; {
		number, _, ok := scan.next()
		switch {
		case ok:
			last = max(last, number)
		case scan.read() >= size:
			return last, scan.end, scan.bad, nil
		default:
			err := scan.fill(size)
			if errors.Is(err, io.ErrUnexpectedEOF) {
				size = scan.short
			} else if err != nil && scan.failures == 0 {
				return last, scan.end, scan.bad, err
			}
		}
	}
}

// torn reports whether the segment holds only the beginning of its first record.
func (s *segment) torn() bool {
	if s.size < headerSize {
		return true
	}
	var b [headerSize]byte
	if _, err := s.file.ReadAt(b[:], 0); err != nil {
		return false
	}
	h, ok := s.id.nonce.parseHeader(b[:])
	return ok && headerSize+int64(h.length) > s.size
}

// scanner reads the records of one segment, a piece at a time.
type scanner struct {
	nonce nonce
	file  file
	end   int64 // end of the last intact record
	short int64 // size of the file, if fill returned io.ErrUnexpectedEOF

	at       int64 // offset of buf in the file
	buf      []byte
	walk     walker
	failures int // failed reads in a row
	bad      int // sectors that cannot be read
}

const (
	readSize    = 1 << 20 // how much is read at once, in bytes
	sector      = 4096    // unreadable bytes are skipped in pieces of this size
	mayFailRead = 3       // how many reads must fail before sectors are skipped
	mayFailAll  = 20      // the same if no sector of the piece is readable: the disk may be away for a while
)

func newScanner(n nonce, f file) scanner { return scanner{nonce: n, file: f, walk: walker{nonce: n}} }

// next returns the next intact record of the bytes read so far.
func (s *scanner) next() (number uint64, payload []byte, ok bool) {
	number, payload, ok = s.walk.next()
	if ok {
		s.end = s.at + int64(s.walk.at)
	}
	return number, payload, ok
}

// read returns the offset up to which the file has been read.
func (s *scanner) read() int64 { return s.at + int64(len(s.buf)) }

// fill reads more of a file of that size, after next has found no record. After an error the next fill reads the same bytes again.
func (s *scanner) fill(size int64) error {
	want := readSize
	begin := max(s.walk.at, s.walk.seen)
	if begin == 0 && len(s.buf) > 0 { // not even one record: it is larger
		want = 2 * len(s.buf)
	}
	at := s.at + int64(begin)
	want = int(min(int64(want), size-at))
	if cap(s.buf) < want || cap(s.buf) > keepBuffer && want <= readSize {
		s.buf = make([]byte, want)
	}
	b := s.buf[:want]
	n, err := s.file.ReadAt(b, at)
	switch {
	case n == want:
		s.failures = 0
	case err == nil || errors.Is(err, io.EOF):
		s.short = at + int64(n)
		s.restart(at)
		return io.ErrUnexpectedEOF
	case errors.Is(err, os.ErrClosed), errno.Stale(err):
		s.restart(at)
		return err
	default:
		if err := s.fillPartly(b, at, err); err != nil {
			s.restart(at)
			return err
		}
	}
	s.at, s.buf, s.walk = at, b, walker{nonce: s.nonce, b: b}
	return nil
}

// fillPartly is called when the read of b failed with err. After mayFailRead failures it reads the readable sectors of b, and accepts that
// if there are any, or after mayFailAll failures. Else it returns an error, and the read is to be tried again.
func (s *scanner) fillPartly(b []byte, at int64, err error) error {
	if s.failures++; s.failures < mayFailRead {
		return err
	}
	bad := s.bad
	some, closed := s.readPieces(b, at)
	if closed != nil {
		return closed
	}
	if !some && s.failures < mayFailAll {
		s.bad = bad
		return err
	}
	return nil
}

// restart makes fill read from at on.
func (s *scanner) restart(at int64) { s.at, s.buf, s.walk = at, s.buf[:0], walker{nonce: s.nonce} }

// readPieces reads the readable sectors of b, and makes the others zero. some says whether there are any readable ones. It returns an error
// only if the file was closed, or its file system is gone.
func (s *scanner) readPieces(b []byte, at int64) (some bool, err error) {
	for len(b) > 0 {
		n := min(sector-int(at%sector), len(b))
		if _, err := s.file.ReadAt(b[:n], at); errors.Is(err, os.ErrClosed) || errno.Stale(err) {
			return some, err
		} else if err != nil {
			clear(b[:n])
			s.bad++
		} else {
			some = true
		}
		b, at = b[n:], at+int64(n)
	}
	return some, nil
}
