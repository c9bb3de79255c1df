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

// FromWriter returns a Handler over any WriteSyncer: what zapcore.NewCore is, and a BatchWriter too, so that a queue hands it
// a thousand records in one write. If ws is a RecordWriter, as the writers of package writesyncers are, it is told where the
// records end, and a rotation never cuts one of many lines in two. Behind zapcore.Lock, which it does not need, or among the members of
// NewMultiWriteSyncer it cannot be told: then all get each record by a Write of its own.
//
// Of several writers in one, as of NewMultiWriteSyncer, zap.Open and io.MultiWriter, nobody can tell which of them has what they refuse
// together, so a queue offers that to none of them again. Give each a Handler, and the queue a Tee of those: then each is tried by itself.
//
// Where ws takes a part of a line and no more, the next one begins on a line of its own.
//
// A nil enab takes everything. The Handler does not close ws: Close only flushes it. That a terminal or a pipe cannot be synced is no
// error. ws must not log to the Handler. A writer that takes no more (a pipe whose
// reader has stopped) holds up the Write that it happens to, and those behind it; Stats does not wait for it, and Sync and Close
// return an error that wraps os.ErrDeadlineExceeded after some seconds.
func FromWriter(enc zapcore.Encoder, ws zapcore.WriteSyncer, enab zapcore.LevelEnabler) *Handler {
	e := &writerEmitter{ws: ws}
	if e.records, _ = ws.(RecordWriter); e.records == nil {
		e.single, e.several = inside(reflect.ValueOf(ws))
	}
	out := newOutput(HandlerConfig{Name: "zapcore", Level: enab, Emitter: e})
	out.patience = writerWait
	return newEncoding(out, enc.Clone())
}

// writerWait is how long a WriteSyncer that does not come back is waited for.
const writerWait = 5 * time.Second

// writerEmitter emits to a WriteSyncer, which may have no deadlines.
type writerEmitter struct {
	ws      zapcore.WriteSyncer
	records RecordWriter  // ws, if it is one: it knows what it has taken of a line
	single  bool          // ws gets each record by itself: there is a RecordWriter in it
	several bool          // ws writes to several: what it refuses one of them may have
	torn    bool          // ws has taken a part of a line last
	away    chan struct{} // closed when a call that took too long has come back; nil if there is none
}

// within calls f, which calls the WriteSyncer. While a call has not come back there is no other, for ws may not be made for that.
func (e *writerEmitter) within(f func() error) error {
	if err := e.here(); err != nil {
		return err
	}
	back := make(chan struct{})
	err := Within(writerWait, func() error { defer close(back); return f() })
	e.away = back
	if e.here() != nil {
		return fmt.Errorf("zapcore: sync: %w", err)
	}
	return err
}

// here returns an error while a call has not come back.
func (e *writerEmitter) here() error {
	if e.away == nil {
		return nil
	}
	select {
	case <-e.away:
		e.away = nil
		return nil
	default:
		return errAway
	}
}

var errAway = fmt.Errorf("zapcore: the writer has not come back from a Sync: %w", os.ErrDeadlineExceeded)

func (e *writerEmitter) Emit(_ zapcore.Entry, frame []byte) error { return e.write(frame) }

func (e *writerEmitter) write(frame []byte) error {
	if err := e.here(); err != nil {
		return err
	}
	_, err := e.put(frame)
	return err
}

// lineEnd ends a line of which ws has taken only a part.
var lineEnd = []byte{'\n'}

// put writes b, on a line of its own if that is a line.
func (e *writerEmitter) put(b []byte) (int, error) {
	if e.torn && e.records == nil && len(b) > 0 && b[len(b)-1] == '\n' {
		if _, err := e.putPart(lineEnd); err != nil {
			return 0, err
		}
	}
	return e.putPart(b)
}

func (e *writerEmitter) putPart(b []byte) (int, error) {
	n, err := e.ws.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if 0 < n && n <= len(b) {
		e.torn = n < len(b) && b[n-1] != '\n'
	}
	return n, err
}

// EmitBatch implements BatchEmitter. A writer that is not a RecordWriter may have written part of the first record that does
// not count. One that says that it has taken all, and returns an error all the same, as one that writes to several may, would write all
// again to those that have it: what it took is delivered, and the error passed on.
func (e *writerEmitter) EmitBatch(_ *Batch, frames *Frames) (int, error) {
	if err := e.here(); err != nil {
		return 0, err
	}
	if e.records != nil {
		return e.records.WriteRecords(frames.Bytes(), frames.Ends())
	}
	if e.single {
		return e.putEach(frames)
	}
	written, err := e.put(frames.Bytes())
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
	var said Verdicts
	for i := n; i < frames.Len(); i++ {
		said.Reject(i, err)
	}
	return frames.Len(), said.With(nil)
}

// putEach writes frames one by one.
func (e *writerEmitter) putEach(frames *Frames) (int, error) {
	var said Verdicts
	var complaints error
	for n := range frames.Len() {
		written, err := e.put(frames.At(n))
		switch {
		case written >= len(frames.At(n)):
			complaints = appendNew(complaints, err)
		case e.several:
			said.Reject(n, err)
		default:
			return n, multierr.Append(complaints, err)
		}
	}
	return frames.Len(), said.With(complaints)
}

// Several tells whether a writer is one of zap's own, or io.MultiWriter, around several others, of which nobody can tell which has what they
// refuse together: to write it again may write it twice.
func Several(w io.Writer) bool {
	_, several := inside(reflect.ValueOf(w))
	return several
}

// inside tells of a WriteSyncer that is one of zap's own around others, or io.MultiWriter, whether a RecordWriter is among those, and
// whether they are several.
func inside(ws reflect.Value) (records, several bool) {
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
		r, s := inside(member)
		records, several = records || r, several || s
	}
	return records, several || len(members) > 1
}

// membersOf returns the writers that a writer holds.
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

// Flush implements Flusher for a WriteSyncer that is one.
func (e *writerEmitter) Flush() error {
	if f, ok := e.ws.(Flusher); ok {
		return e.within(f.Flush)
	}
	return nil
}

// Sync syncs the WriteSyncer. Of one that writes to several it says what is left when those that know no sync are left out.
func (e *writerEmitter) Sync() error {
	err := e.within(e.ws.Sync)
	all := parts(err)
	if left := slices.DeleteFunc(slices.Clone(all), knowsNoSync); len(left) < len(all) {
		return multierr.Combine(left...)
	}
	return err
}

// Close syncs the WriteSyncer, which is not ours to close.
func (e *writerEmitter) Close() error { return e.Sync() }

// knowsNoSync tells whether err is the answer of a system to fsync of what has none: a terminal, a pipe, a socket.
func knowsNoSync(err error) bool {
	e, ok := errors.AsType[*fs.PathError](err)
	if !ok || e.Op != "sync" {
		return false
	}
	if e.Err == syscall.EINVAL || errors.Is(e.Err, errors.ErrUnsupported) {
		return true
	}
	const notATerminal, invalidHandle = 25, 6 // ENOTTY where there is one, ERROR_INVALID_HANDLE
	number := reflect.ValueOf(e.Err)          // not every system has a syscall.Errno
	if number.Kind() != reflect.Uintptr {
		return false
	}
	return runtime.GOOS == "windows" && number.Uint() == invalidHandle || runtime.GOOS != "windows" && number.Uint() == notATerminal
}
