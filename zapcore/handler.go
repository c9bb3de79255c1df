package zapcore

import (
	"errors"
	"fmt"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/internal/tape"
)

// HandlerConfig configures a Handler. It is for authors of handler packages; their users see the package's own Config.
type HandlerConfig struct {
	// Name is the name of the handler package, with which its errors begin: "netcore". Required.
	Name string
	// Level decides which records are taken. Defaults to everything.
	Level zapcore.LevelEnabler
	// Encoder makes the frames. It is copied. Required unless Formatter is set, and not allowed with it. An Encoder that is also a
	// Formatter, as that of NewJSON is, gets the records themselves.
	Encoder zapcore.Encoder
	// Formatter makes the frames if there is no Encoder.
	Formatter Formatter
	// Emitter carries the frames. Required. The Handler owns it, and closes it.
	Emitter Emitter
	// Backoff says for how long the Handler leaves a destination alone after a timeout or a RetryError. Defaults to Python's
	// 1 s, factor 2, 30 s.
	Backoff Backoff
	// Report gets the errors that no caller waits for. Defaults to a Reporter that prints to stderr.
	Report *Reporter
	// Clock is read at each failure and, during a backoff, at each write. Defaults to the system's.
	Clock zapcore.Clock
}

// Handler is a complete zapcore.Core made of a Formatter (or an Encoder) and an Emitter. A record passes through it like this:
//
//	level → format (caller's goroutine, no lock) → lock → Emit → unlock
//
// Beside the methods of zapcore.Core it has Close, Stats, WriteBatch and Level. All are safe for concurrent use. With
// returns a Handler that shares everything but the fields; closing one closes all.
type Handler struct {
	out       *output
	formatter Formatter       // HandlerConfig.Formatter, or encoder if that is a Formatter too; else nil
	encoder   zapcore.Encoder // holds the fields of With; nil if a Formatter was configured
	json      *jsonEncoder    // encoder, if NewJSON made it: it needs no Record
	context   Context         // the fields of With, if there is no encoder
}

var (
	_ zapcore.Core = (*Handler)(nil)
	_ BatchWriter  = (*Handler)(nil)
	_ Flusher      = (*Handler)(nil)
)

// everything is the lowest level there is.
const everything = zapcore.Level(-128)

// NewHandler returns a Handler. An error names the field that is missing or wrong.
func NewHandler(cfg HandlerConfig) (*Handler, error) {
	switch {
	case cfg.Name == "":
		return nil, errors.New("zapcore: HandlerConfig.Name is required")
	case cfg.Emitter == nil:
		return nil, fmt.Errorf("%s: HandlerConfig.Emitter is required", cfg.Name)
	case cfg.Encoder == nil && cfg.Formatter == nil:
		return nil, fmt.Errorf("%s: HandlerConfig.Encoder or Formatter is required", cfg.Name)
	case cfg.Encoder != nil && cfg.Formatter != nil:
		return nil, fmt.Errorf("%s: HandlerConfig.Encoder and Formatter exclude each other", cfg.Name)
	}
	if cfg.Formatter != nil {
		return &Handler{out: newOutput(cfg), formatter: cfg.Formatter}, nil
	}
	return newEncoding(newOutput(cfg), cfg.Encoder.Clone()), nil
}

// newEncoding returns a Handler that owns enc.
func newEncoding(out *output, enc zapcore.Encoder) *Handler {
	h := &Handler{out: out, encoder: enc}
	h.formatter, _ = enc.(Formatter)
	h.json, _ = enc.(*jsonEncoder)
	return h
}

// Enabled reports whether records of level l are taken. If the LevelEnabler panics they are.
func (h *Handler) Enabled(l zapcore.Level) bool {
	if lowest, ok := h.out.level.(zapcore.Level); ok {
		return l >= lowest
	}
	return h.out.enabled(l)
}

// Level returns the lowest level that is taken; zapcore.LevelOf calls it.
func (h *Handler) Level() zapcore.Level {
	if l, ok := h.out.level.(zapcore.Level); ok {
		return l
	}
	return h.out.lowest()
}

// enabled asks the LevelEnabler. If that panics, the record is taken.
func (o *output) enabled(l zapcore.Level) (enabled bool) {
	defer func() {
		if p := recover(); p != nil {
			enabled = true
			o.report.Failed(fmt.Errorf("%s: Enabled: %w", o.name, &PanicError{Value: p}), 0)
		}
	}()
	return o.level.Enabled(l)
}

// lowest is Handler.Level for a LevelEnabler that is not a plain Level, and may panic.
func (o *output) lowest() (l zapcore.Level) {
	defer func() {
		if recover() != nil {
			l = everything
		}
	}()
	return zapcore.LevelOf(o.level)
}

// With returns a Handler whose records begin with fields. They are encoded or recorded now.
func (h *Handler) With(fields []zapcore.Field) zapcore.Core {
	if h.encoder == nil {
		child := *h
		child.context = h.context.With(fields)
		return &child
	}
	if h.json != nil {
		return newEncoding(h.out, h.json.with(fields))
	}
	enc := h.encoder.Clone()
	for i := range fields {
		tape.AddField(enc, &fields[i])
	}
	return newEncoding(h.out, enc)
}

// Check adds h to ce if the entry's level is taken.
func (h *Handler) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if h.Enabled(ent.Level) {
		return ce.AddCore(ent, h)
	}
	return ce
}

// Write formats the record and hands it to the destination, whatever its level. It returns nil if the destination took it.
// During a backoff it returns the same error, at once, for each record. An entry above Error is tried in spite of a
// backoff, and everything taken so far is synced before Write returns, even if the entry itself is refused.
func (h *Handler) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	switch {
	case h.json != nil:
		line, err := h.json.line(&ent, fields)
		if err != nil {
			return h.out.refuse(ent.Level, err)
		}
		err = h.out.emit(&ent, line.b)
		line.free()
		return err
	case h.formatter == nil:
		buf, err := h.encoder.EncodeEntry(ent, tape.WithRawJSON(fields))
		if err != nil {
			return h.out.refuse(ent.Level, err)
		}
		defer buf.Free()
		return h.out.emit(&ent, buf.Bytes())
	}
	r := GetRecord()
	err := h.format(r, &ent, fields)
	if err == nil {
		err = h.out.emit(&ent, r.frame)
	} else {
		err = h.out.refuse(ent.Level, err)
	}
	r.Free()
	return err
}

// format makes the frame of a record that comes from a logger.
func (h *Handler) format(r *Record, ent *zapcore.Entry, fields []zapcore.Field) error {
	err := r.capture(ent, h.context, fields)
	if err == nil {
		r.frame, err = h.appendFrame(r.frame[:0], r)
	}
	return err
}

// appendFrame calls the formatter's Append, and turns a panic (of a hook, say) into an error.
func (h *Handler) appendFrame(dst []byte, r *Record) (frame []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			frame, err = dst, h.panicked(p)
		}
	}()
	return h.formatter.Append(dst, r)
}

// WriteBatch implements BatchWriter. It rejects a record that cannot be formatted, and goes on with the others. Any failure of the
// destination ends the batch there, and what is left may be tried again.
func (h *Handler) WriteBatch(batch *Batch) (n int, err error) {
	if r, ok := h.formatter.(BatchRefuser); ok {
		if err := r.RefuseBatch(); err != nil {
			return 0, &RetryError{Err: err}
		}
	}
	frames := framesPool.Get().(*Frames)
	defer frames.free()
	var verdicts Verdicts
	var destErr error // from a destination that took all its frames and returned an error nevertheless
	for n < batch.Len() {
		frames.Reset()
		formatErr := h.formatBatch(frames, batch, n)
		done, err := h.out.emitBatch(batch, n, frames)
		verdicts.Add(n, err)
		n += done
		if done < frames.Len() {
			return n, verdicts.With(restError(err))
		}
		if err != nil {
			destErr = destinationError(err)
		}
		if formatErr != nil {
			_ = h.out.refuse(batch.Level(n), nil)
			verdicts.Reject(n, formatErr)
			n++
		}
	}
	return n, verdicts.With(destErr)
}

// maxFrames is how many bytes of frames are made before they are emitted. A queue that closes hands over everything at once; if the
// destination fails at the first record, most of it should not have been formatted in vain.
const maxFrames = keepFrames / 2

// formatBatch appends to frames the records of batch from index from on. It stops before the first record that cannot be formatted,
// whose error it returns, or at maxFrames. A panic counts as such an error, as in appendFrame.
func (h *Handler) formatBatch(frames *Frames, batch *Batch, from int) (err error) {
	end := 0
	defer func() {
		if p := recover(); p != nil {
			frames.buf, err = frames.buf[:end], h.panicked(p)
		}
	}()
	for i := from; i < batch.Len() && end < maxFrames; i++ {
		var buf []byte
		if h.formatter != nil {
			buf, err = h.formatter.Append(frames.buf, batch.At(i))
		} else {
			buf, err = batch.At(i).AppendEncoded(frames.buf, h.encoder)
		}
		if err != nil {
			frames.buf = frames.buf[:end]
			return err
		}
		frames.buf, end = buf, len(buf)
		frames.ends = append(frames.ends, end)
	}
	return nil
}

func (h *Handler) panicked(p any) error {
	what := "Formatter"
	if h.formatter == nil {
		what = "Encoder"
	}
	return fmt.Errorf("%s: the %s: %w", h.out.name, what, &PanicError{Value: p})
}

// Sync makes what was written as safe as the destination can. It returns nil after Close.
func (h *Handler) Sync() error { return h.out.sync() }

// Flush implements Flusher: the Emitter hands on what it holds back. It does nothing if the Emitter is no Flusher.
func (h *Handler) Flush() error { return h.out.flush() }

// Close delivers what the Emitter holds, within the Emitter's deadline, and closes it. A Write that waits for a
// stalled destination is interrupted. The second and later calls return nil. After it Write returns ErrClosed.
func (h *Handler) Close() error { return h.out.close() }

// Unconfirmed implements Unconfirmer, for a queue in front of this Handler: it asks the Emitter.
func (h *Handler) Unconfirmed() bool { return h.out.unconfirmed() }

// Confirms implements Confirmer, for a queue in front of this Handler: it asks the Emitter.
func (h *Handler) Confirms() bool {
	c, ok := h.out.emitter.(Confirmer)
	return ok && c.Confirms()
}

// Stats returns the counts of this Handler together with all its With relatives.
func (h *Handler) Stats() Stats { return h.out.count() }
