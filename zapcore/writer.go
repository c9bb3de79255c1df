package zapcore

import (
	"io"

	"go.uber.org/zap/zapcore"
)

// FromWriter returns a Handler over any WriteSyncer: what zapcore.NewCore is, and a BatchWriter too, so that a queue hands it
// a thousand records in one write. If ws is a RecordWriter, as the writers of package writesyncers are, it is told where the
// records end, and a rotation never cuts one of many lines in two.
//
// A nil enab takes everything. The Handler does not close ws: Close only flushes it.
func FromWriter(enc zapcore.Encoder, ws zapcore.WriteSyncer, enab zapcore.LevelEnabler) *Handler {
	e := &writerEmitter{ws: ws}
	e.records, _ = ws.(RecordWriter)
	return newEncoding(newOutput(HandlerConfig{Name: "zapcore", Level: enab, Emitter: e}), enc.Clone())
}

// writerEmitter emits to a WriteSyncer.
type writerEmitter struct {
	ws      zapcore.WriteSyncer
	records RecordWriter // ws, if it is one
}

func (e *writerEmitter) Emit(_ zapcore.Entry, frame []byte) error {
	n, err := e.ws.Write(frame)
	if err == nil && n < len(frame) {
		err = io.ErrShortWrite
	}
	return err
}

// EmitBatch implements BatchEmitter. A writer that is not a RecordWriter may have written part of the first record that does
// not count.
func (e *writerEmitter) EmitBatch(_ *Batch, frames *Frames) (int, error) {
	if e.records != nil {
		return e.records.WriteRecords(frames.Bytes(), frames.Ends())
	}
	written, err := e.ws.Write(frames.Bytes())
	if written == len(frames.Bytes()) {
		return frames.Len(), nil
	}
	if err == nil {
		err = io.ErrShortWrite
	}
	n := 0
	for n < frames.Len() && frames.Ends()[n] <= written {
		n++
	}
	return n, err
}

// Flush implements Flusher for a WriteSyncer that is one.
func (e *writerEmitter) Flush() error {
	if f, ok := e.ws.(Flusher); ok {
		return f.Flush()
	}
	return nil
}

func (e *writerEmitter) Sync() error  { return e.ws.Sync() }
func (e *writerEmitter) Close() error { return e.ws.Sync() }
