package writesyncers

import (
	"example.com/zaphandlers/writesyncers/internal/writer"
	base "example.com/zaphandlers/zapcore"
)

// sink is what File, WatchedFile, RotatingFile and TimedRotatingFile have in common.
type sink struct {
	w      *writer.Writer
	path   string // resolved, where the file rotates
	report *base.Reporter
}

func newSink(cfg writer.Config) (*sink, error) {
	w, err := writer.New(cfg)
	if err != nil {
		return nil, err
	}
	return &sink{w, cfg.Path, cfg.Report}, nil
}

// Write writes p as one record. It returns len(p), or an error and the number of bytes that reached the file.
func (s *sink) Write(p []byte) (int, error) { return s.w.Write(p) }

// WriteRecords writes the records that lie end to end in b, with as few system calls as rotation allows; see
// [base.RecordWriter]. Records of other callers may come between them.
func (s *sink) WriteRecords(b []byte, ends []int) (int, error) { return s.w.WriteRecords(b, ends) }

// Sync writes what is in the Buffer and syncs all records written so far to the disk (fsync), unless the Fsync policy is
// FsyncNever or FsyncOnRotate. Writes go on meanwhile. For a terminal, a pipe or a file not yet opened it does nothing and
// returns nil. It waits 5 s for a Write that is under way, and 10 s for the disk; then its error wraps
// [os.ErrDeadlineExceeded].
func (s *sink) Sync() error { return s.w.Sync() }

// Close writes what is in the Buffer and closes the file; from then on Write returns an error that wraps [ErrClosed]. It finishes
// what rollovers have left, which takes at most some 10 s, and leaves no goroutine and no descriptor. It waits 5 s for a Write
// that does not return, because the reader of a pipe has stopped, and 15 s for a disk or a server that does not answer; then its
// error wraps [os.ErrDeadlineExceeded]. Records of the Buffer that the disk refuses are lost: Close returns a *LostError with
// their number. A second Close does nothing.
func (s *sink) Close() error { return s.w.Close() }

// Stats returns the counters. It does not wait for a Write that is under way.
func (s *sink) Stats() Stats {
	c := s.w.Counts()
	return Stats{
		Stats: c.Records, Bytes: c.Bytes, Opens: c.Opens, Repeated: c.Repeated, Rotations: c.Rotated, Compressed: c.Compressed,
		Errors: s.report.Failures(),
	}
}
