package zapcore

import "go.uber.org/zap/zapcore"

// RecordWriter is a WriteSyncer that is told where records end, so that it may put a boundary of its own (a rotation)
// between two of them and never inside one. The file writers of package writesyncers are RecordWriters.
type RecordWriter interface {
	zapcore.WriteSyncer

	// WriteRecords writes the records that lie end to end in b: record i ends just before ends[i], and the last end is
	// len(b). It returns how many records, from the first, were written whole; n < len(ends) comes with an error, and
	// nothing of record n or of those after it counts as written. It keeps neither slice.
	WriteRecords(b []byte, ends []int) (n int, err error)
}
