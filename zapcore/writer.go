package zapcore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"runtime"
	"slices"
	"syscall"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
)

// FromWriter returns a Handler over any WriteSyncer. It does what zapcore.NewCore does, and is a BatchWriter too, so that a queue
// writes a thousand records in one call. A nil enab takes everything.
//
// If ws is a RecordWriter, as the writers of package writesyncers are, it learns where the records end, so that a rotation never cuts a
// record of many lines in two. If the RecordWriter is wrapped by zapcore.Lock, which it does not need, or by NewMultiWriteSyncer, it
// cannot learn that: then each record is a Write of its own.
//
// If ws writes to several writers (NewMultiWriteSyncer, zap.Open, io.MultiWriter) and fails, nobody can tell which of them have the
// record, so a queue does not try it again. To have each writer retried by itself, give each a Handler, and the queue a Tee of these.
//
// If ws takes only a part of a line, the next record begins on a new line.
//
// Close syncs ws and does not close it. Sync returns no error for a terminal or a pipe, which cannot be synced. ws must not log to
// the Handler. A ws that blocks (a pipe whose reader has stopped) blocks the Write and all behind it. Stats does not wait for it;
// Sync and Close give up after some seconds, with an error that wraps os.ErrDeadlineExceeded.
func FromWriter(enc zapcore.Encoder, ws zapcore.WriteSyncer, enab zapcore.LevelEnabler) *Handler {
	e := &writerEmitter{ws: ws}
	if e.records, _ = ws.(RecordWriter); e.records == nil {
		e.oneByOne, e.several = wrappedWriters(reflect.ValueOf(ws))
	}
	out := newOutput(HandlerConfig{Name: "zapcore", Level: enab, Emitter: e})
	out.lockWait = writerWait
	return newEncoding(out, enc.Clone())
}

// writerWait is how long Sync, Flush and Close wait for a WriteSyncer that does not return.
const writerWait = 5 * time.Second

// writerEmitter emits to a WriteSyncer, which may have no deadlines.
type writerEmitter struct {
	ws          zapcore.WriteSyncer
	records     RecordWriter  // ws, if it is one
	oneByOne    bool          // each record is a Write of its own: ws wraps a RecordWriter
	several     bool          // ws writes to several writers: after an error one of them may have the record
	torn        bool          // the last Write took only a part of a line
	pendingCall chan struct{} // closed when a call that took too long returns; nil if there is none
}

// callWithin calls f, a Sync or Flush of ws, and waits for at most writerWait. Until f returns, no other method of ws is called, for ws
// need not be safe for concurrent use.
func (e *writerEmitter) callWithin(f func() error) error {
	if err := e.checkReturned(); err != nil {
		return err
	}
	back := make(chan struct{})
	err := Within(writerWait, func() error { defer close(back); return f() })
	e.pendingCall = back
	if e.checkReturned() != nil {
		return fmt.Errorf("zapcore: sync: %w", err)
	}
	return err
}

// checkReturned returns an error while a call that took too long has not returned.
func (e *writerEmitter) checkReturned() error {
	if e.pendingCall == nil {
		return nil
	}
	select {
	case <-e.pendingCall:
		e.pendingCall = nil
		return nil
	default:
		return errCallPending
	}
}

var errCallPending = fmt.Errorf("zapcore: the writer has not come back from a Sync: %w", os.ErrDeadlineExceeded)

func (e *writerEmitter) Emit(_ zapcore.Entry, frame []byte) error { return e.write(frame) }

func (e *writerEmitter) write(frame []byte) error {
	if err := e.checkReturned(); err != nil {
		return err
	}
	_, err := e.writeLine(frame)
	return err
}

// lineEnd ends a line of which ws took only a part.
var lineEnd = []byte{'\n'}

// writeLine writes b. If b is a line and the last one was torn, it ends that one first. (A RecordWriter does so itself.)
func (e *writerEmitter) writeLine(b []byte) (int, error) {
	if e.torn && e.records == nil && len(b) > 0 && b[len(b)-1] == '\n' {
		if _, err := e.writePart(lineEnd); err != nil {
			return 0, err
		}
	}
	return e.writePart(b)
}

func (e *writerEmitter) writePart(b []byte) (int, error) {
	n, err := e.ws.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if 0 < n && n <= len(b) {
		e.torn = n < len(b) && b[n-1] != '\n'
	}
	return n, err
}

// EmitBatch implements BatchEmitter. A writer that is no RecordWriter may have written a part of the first record that does
// not count. A writer that writes to several may take all bytes and return an error nevertheless: then all records count as delivered,
// because a retry would write them again to those that have them, and the error is passed on.
func (e *writerEmitter) EmitBatch(_ *Batch, frames *Frames) (int, error) {
	if err := e.checkReturned(); err != nil {
		return 0, err
	}
	if e.records != nil {
		return e.records.WriteRecords(frames.Bytes(), frames.Ends())
	}
	if e.oneByOne {
		return e.writeEach(frames)
	}
	written, err := e.writeLine(frames.Bytes())
	if written == len(frames.Bytes()) {
		return frames.Len(), err
	}
	n := 0
	for n < frames.Len() && frames.Ends()[n] <= written {
		n++
	}
	if !e.several {
		return n, err
	}
	var verdicts Verdicts
	for i := n; i < frames.Len(); i++ {
		verdicts.Reject(i, err)
	}
	return frames.Len(), verdicts.With(nil)
}

// writeEach writes frames one by one.
func (e *writerEmitter) writeEach(frames *Frames) (int, error) {
	var verdicts Verdicts
	var errs error // of frames that were taken whole
	for n := range frames.Len() {
		written, err := e.writeLine(frames.At(n))
		switch {
		case written >= len(frames.At(n)):
			errs = appendNew(errs, err)
		case e.several:
			verdicts.Reject(n, err)
		default:
			return n, multierr.Append(errs, err)
		}
	}
	return frames.Len(), verdicts.With(errs)
}

// Several reports whether w is one of zap's own writers, or an io.MultiWriter, that writes to several others. After an error of such a
// writer nobody can tell which of them have the bytes, so a retry may write them twice.
func Several(w io.Writer) bool {
	_, several := wrappedWriters(reflect.ValueOf(w))
	return several
}

// wrappedWriters looks into a WriteSyncer that is one of zap's own wrappers, or an io.MultiWriter. It reports whether a RecordWriter is
// among the writers that it wraps, and whether these are several.
func wrappedWriters(ws reflect.Value) (records, several bool) {
	for ; ws.Kind() == reflect.Interface || ws.Kind() == reflect.Pointer; ws = ws.Elem() {
		if ws.Type().Implements(reflect.TypeFor[RecordWriter]()) {
			return true, false
		}
	}
	var members []reflect.Value
	switch {
	case !ws.IsValid():
	case ws.Type().PkgPath() == "io" && ws.Type().Name() == "multiWriter", ws.Type().PkgPath() == ioCore.Elem().PkgPath():
		members = membersOf(ws)
	}
	for _, member := range members {
		r, s := wrappedWriters(member)
		records, several = records || r, several || s
	}
	return records, several || len(members) > 1
}

// membersOf returns the writers in the fields of a wrapper.
func membersOf(ws reflect.Value) (members []reflect.Value) {
	switch ws.Kind() {
	case reflect.Slice:
		for i := range ws.Len() {
			members = append(members, ws.Index(i))
		}
	case reflect.Struct:
		for i := range ws.NumField() {
			switch kind := ws.Field(i).Type(); {
			case kind.Kind() == reflect.Slice:
				members = append(members, membersOf(ws.Field(i))...)
			case kind.Kind() == reflect.Interface && kind.Implements(reflect.TypeFor[io.Writer]()):
				members = append(members, ws.Field(i))
			}
		}
	}
	return members
}

// Flush implements Flusher, if the WriteSyncer is one.
func (e *writerEmitter) Flush() error {
	if f, ok := e.ws.(Flusher); ok {
		return e.callWithin(f.Flush)
	}
	return nil
}

// Sync syncs the WriteSyncer. It leaves out the errors of those, among several writers, that cannot be synced.
func (e *writerEmitter) Sync() error {
	err := e.callWithin(e.ws.Sync)
	all := parts(err)
	if left := slices.DeleteFunc(slices.Clone(all), cannotSync); len(left) < len(all) {
		return multierr.Combine(left...)
	}
	return err
}

// Close syncs the WriteSyncer, which is not ours to close.
func (e *writerEmitter) Close() error { return e.Sync() }

// cannotSync reports whether err is what fsync returns for a file that cannot be synced: a terminal, a pipe, a socket.
func cannotSync(err error) bool {
	e, ok := errors.AsType[*fs.PathError](err)
	if !ok || e.Op != "sync" {
		return false
	}
	if e.Err == syscall.EINVAL || errors.Is(e.Err, errors.ErrUnsupported) {
		return true
	}
	const notATerminal, invalidHandle = 25, 6 // ENOTTY; ERROR_INVALID_HANDLE of Windows
	number := reflect.ValueOf(e.Err)          // by reflection, for not every system has a syscall.Errno
	if number.Kind() != reflect.Uintptr {
		return false
	}
	return runtime.GOOS == "windows" && number.Uint() == invalidHandle || runtime.GOOS != "windows" && number.Uint() == notATerminal
}
