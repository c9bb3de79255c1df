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
	file   file // nil: parked
	size   int64
	uncut  bool // what could not be cut off stands behind size: a part of what was refused
	sealed bool // nothing is appended any more: what stands behind size is unknown, or the file is nowhere
}

// open opens a parked segment.
func (s *segment) open(files filesystem) (err error) {
	if s.file == nil {
		s.file, err = files.open(s.id.name())
	}
	return err
}

// close closes or parks a segment. Whoever uses its file meanwhile gets os.ErrClosed, and asks again.
func (s *segment) close() error {
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return f.Close()
}

// write appends b. After an error nothing of it is there: what was written in part is cut off, or the segment is uncut where even that fails.
func (s *segment) write(b []byte) error {
	_, err := s.file.WriteAt(b, s.size)
	if err == nil {
		s.size += int64(len(b))
		return nil
	}
	if cutErr := s.file.truncate(s.size); cutErr != nil { // WriteAt says 0 though it has written a part
		s.uncut = true
		return errors.Join(err, cutErr)
	}
	return err
}

// ready opens a segment that is to be written to, and cuts off what could not be before.
func (s *segment) ready(files filesystem) error {
	if err := s.open(files); err != nil || !s.uncut {
		return err
	}
	err := s.file.truncate(s.size)
	s.uncut = err != nil
	return err
}

// writeWhole makes the file of a segment so that nobody sees a part of it: it hides what others hold of its numbers, so it has its
// name when it is complete.
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

// findEnd returns the number of the last whole record, 0 if there is none, where it ends, and how many sectors cannot be read.
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

// torn tells whether what is there is the beginning of a first record.
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
	end   int64 // where the last whole record ends
	short int64 // how long the file is, if fill says io.ErrUnexpectedEOF

	at       int64 // where in the file buf begins
	buf      []byte
	walk     walker
	failures int // of reading, one after the other
	bad      int // pieces that cannot be read
}

const (
	readSize    = 1 << 20 // how much is read at once, in bytes
	sector      = 4096    // what cannot be read is passed over in such pieces
	mayFailRead = 3       // how often reading may fail until that is done
	mayFailAll  = 20      // the same where nothing of it can be read: the disk may be away for a while
)

func newScanner(n nonce, f file) scanner { return scanner{nonce: n, file: f, walk: walker{nonce: n}} }

// next returns the next whole record of what has been read.
func (s *scanner) next() (number uint64, payload []byte, ok bool) {
	number, payload, ok = s.walk.next()
	if ok {
		s.end = s.at + int64(s.walk.at)
	}
	return number, payload, ok
}

// read returns up to where the file has been read.
func (s *scanner) read() int64 { return s.at + int64(len(s.buf)) }

// fill reads on in a file of that size, from where next has come to. After an error the same is read again.
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

// fillPartly is what becomes of a read that has failed with err: the same again, or what can be read of it if there is some, or if that has
// been tried often enough.
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

// restart has fill read again from at on.
func (s *scanner) restart(at int64) { s.at, s.buf, s.walk = at, s.buf[:0], walker{nonce: s.nonce} }

// readPieces reads what can be read, if there is some. The rest is zeros. An error says that the file was closed meanwhile, or is none any
// more.
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
