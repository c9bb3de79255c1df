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

// Write writes p as one record. It returns len(p), or an error with what reached the file.
func (s *sink) Write(p []byte) (int, error) { return s.w.Write(p) }

// WriteRecords writes the records that lie end to end in b, by as few calls to the system as rotation allows; see
// [base.RecordWriter]. The records of other callers may come between two of them.
func (s *sink) WriteRecords(b []byte, ends []int) (int, error) { return s.w.WriteRecords(b, ends) }

// Sync writes what is in the Buffer and has the records written so far put on the disk (fsync), unless the Fsync policy is
// FsyncNever or FsyncOnRotate. Writers do not wait for it. For a terminal, a pipe or a file not yet opened it does nothing and
// returns nil. It waits for a Write that is under way 5 s, and for the disk 10 s; then its error wraps
// [os.ErrDeadlineExceeded].
func (s *sink) Sync() error { return s.w.Sync() }

// Close closes the file; from then on Write returns an error that wraps [ErrClosed]. It waits for what rollovers have left
// to be done, at most some 10 s, and leaves no goroutine and no descriptor; for a Write that does not come to an end, because
// the reader of a pipe has stopped, it waits 5 s, for a disk or a server that does not answer 15 s, and its error wraps
// [os.ErrDeadlineExceeded]. What the disk does not take of the Buffer then is lost, and returned as a *LostError. A second Close does
// nothing.
func (s *sink) Close() error { return s.w.Close() }

// Stats returns the counters. It does not wait for a Write that is under way.
func (s *sink) Stats() Stats {
	c := s.w.Counts()
	return Stats{
		Stats: c.Records, Bytes: c.Bytes, Opens: c.Opens, Repeated: c.Repeated, Rotations: c.Rotated, Compressed: c.Compressed,
		Errors: s.report.Failures(),
	}
}
