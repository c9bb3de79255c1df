package eventlog

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// formatter makes the frame of an event. It calls all hooks of the user.
type formatter struct {
	cfg     Config
	encoder zapcore.Encoder // makes the text; if it is ours, only the JSON in it
	ours    bool
	maxID   uint32 // 0: any id
}

func newFormatter(cfg Config, installed registration) *formatter {
	f := &formatter{cfg: cfg, ours: cfg.Encoder == nil}
	if f.ours {
		f.encoder = base.NewJSON(detail)
	} else {
		f.encoder = cfg.Encoder.Clone()
	}
	if isEventCreate(installed.EventMessageFile) {
		f.maxID = lastEventCreateID
	}
	return f
}

// detail encodes all of a record but its message and stack, which are written above and below.
var detail = zapcore.EncoderConfig{
	LevelKey:       "level",
	TimeKey:        "time",
	NameKey:        "logger",
	CallerKey:      "caller",
	SkipLineEnding: true,
	EncodeLevel:    zapcore.LowercaseLevelEncoder,
	EncodeTime:     zapcore.RFC3339NanoTimeEncoder,
	EncodeDuration: zapcore.SecondsDurationEncoder,
	EncodeCaller:   zapcore.ShortCallerEncoder,
}

// Append implements base.Formatter. A hook that panics refuses the record.
func (f *formatter) Append(dst []byte, r *base.Record) (out []byte, err error) {
	hook := ""
	defer func() {
		if hook == "" {
			return
		}
		if p := recover(); p != nil {
			out, err = dst, fmt.Errorf("eventlog: Config.%s: %w", hook, &base.PanicError{Value: p})
		}
	}()
	return f.append(dst, r, &hook)
}

// append is Append. While a hook runs, it sets hook to its name.
func (f *formatter) append(dst []byte, r *base.Record, hook *string) ([]byte, error) {
	ent := r.Entry()
	kind, category, id, err := f.header(ent, hook)
	if err != nil {
		return dst, err
	}
	if f.cfg.Strings == nil && f.cfg.Data == nil {
		t := text{b: appendHeader(dst, kind, category, id, nil), strings: 1, left: maxUnits}
		return f.appendText(&t, &ent, r)
	}
	fields := fieldsPool.Get().(*[]zapcore.Field)
	defer freeFields(fields)
	*fields = r.AppendFields((*fields)[:0])
	var data []byte
	if f.cfg.Data != nil {
		*hook = "Data"
		data = f.cfg.Data(ent, *fields)
		*hook = ""
		if len(data) > maxData {
			return dst, fmt.Errorf("eventlog: Config.Data returned %d bytes, the log takes %d", len(data), maxData)
		}
	}
	t := text{b: appendHeader(dst, kind, category, id, data), strings: 1, left: maxUnits - (len(data)+1)/2}
	if f.cfg.Strings == nil {
		return f.appendText(&t, &ent, r)
	}
	*hook = "Strings"
	list := f.cfg.Strings(ent, *fields)
	*hook = ""
	return appendStrings(&t, list)
}

// header calls the hooks Type, Category and EventID, and fills in defaults.
func (f *formatter) header(ent zapcore.Entry, hook *string) (kind Type, category uint16, id uint32, err error) {
	if f.cfg.Type != nil {
		*hook = "Type"
		kind = f.cfg.Type(ent)
	}
	if kind == 0 {
		kind = typeOf(ent.Level)
	}
	if f.cfg.Category != nil {
		*hook = "Category"
		category = f.cfg.Category(ent)
	}
	if f.cfg.EventID != nil {
		*hook = "EventID"
		id = f.cfg.EventID(ent)
	}
	*hook = ""
	if id == 0 {
		id = 1
	}
	switch {
	case !kind.valid():
		err = fmt.Errorf("eventlog: Config.Type returned %#x, which is no type of event", uint16(kind))
	case f.maxID > 0 && id > f.maxID:
		err = fmt.Errorf("eventlog: Config.EventID returned %d, and EventCreate.exe has texts for 1 to %d only", id, f.maxID)
	}
	return kind, category, id, err
}

// appendText appends one string that says all of r.
func (f *formatter) appendText(t *text, ent *zapcore.Entry, r *base.Record) ([]byte, error) {
	buf, err := r.Encode(f.encoder)
	if err != nil {
		return t.b, err
	}
	defer buf.Free()
	t.begin()
	if f.ours {
		appendPiece(t, ent.Message)
		appendPiece(t, "\r\n")
		appendPiece(t, buf.Bytes())
		if ent.Stack != "" {
			appendPiece(t, "\r\n\r\n")
			appendPiece(t, ent.Stack)
		}
	} else {
		appendPiece(t, bytes.TrimRight(buf.Bytes(), "\r\n"))
	}
	t.end()
	return t.b, nil
}

// appendStrings appends the strings of the user. Strings for which there is no room are cut, or empty. None is left out, because
// each has its number.
func appendStrings(t *text, list []string) ([]byte, error) {
	if len(list) > maxStrings {
		return t.b, fmt.Errorf("eventlog: Config.Strings returned %d strings, an event takes %d", len(list), maxStrings)
	}
	t.strings = len(list)
	for _, s := range list {
		t.begin()
		appendPiece(t, s)
		if strings.HasSuffix(s, "%") && !t.full { // the message file's text behind it may make it a code: "%1%2"
			t.unit(zeroWidthSpace)
		}
		t.end()
	}
	return t.b, nil
}

var fieldsPool = sync.Pool{New: func() any { return new([]zapcore.Field) }}

// freeFields clears fields and returns them to the pool.
func freeFields(fields *[]zapcore.Field) {
	clear(*fields)
	fieldsPool.Put(fields)
}
