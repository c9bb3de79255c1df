package sysloghandler

import (
	"bytes"
	"fmt"
	"sync"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Format is the form of a message.
type Format uint8

const (
	// DefaultFormat is RFC5424, but RFC3164 for Network "local".
	DefaultFormat Format = iota
	// RFC5424 is <PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID [fields] MSG.
	RFC5424
	// RFC3164 is <PRI>TIMESTAMP HOSTNAME TAG[PID]: MSG fields. On unix sockets it has no host name, as syslog(3) writes it.
	RFC3164
	// Python is <PRI>IDENT MSG fields and a NUL, with nothing between PRI, Ident and message, as Python's SysLogHandler sends it.
	Python

	formats
)

// String returns the name of the constant.
func (f Format) String() string {
	names := [formats]string{"DefaultFormat", "RFC5424", "RFC3164", "Python"}
	if f < formats {
		return names[f]
	}
	return fmt.Sprintf("Format(%d)", uint8(f))
}

// Controls says how control characters are written: those below the space, DEL, and U+0080 to U+009F.
type Controls uint8

const (
	// DefaultControls is VisibleControls for RFC3164 over the network, where RFC 3164 section 4.1.3 allows no other, else
	// RawControls.
	DefaultControls Controls = iota
	// VisibleControls writes them as Go does: \n, \t, \x1b, \u0085.
	VisibleControls
	// RawControls writes them unchanged, except for NUL (unchanged only in Python's form in a datagram) and those that could end a
	// frame.
	RawControls
)

// visible reports whether control characters are escaped.
func (cfg *Config) visible() bool {
	if cfg.Controls == DefaultControls {
		return cfg.Format == RFC3164 && !cfg.onUnix()
	}
	return cfg.Controls == VisibleControls
}

// priorities is the number of priorities.
const priorities = int(Debug) + 1

// content is what the formatters of all forms share: how a message begins, and its text. It is immutable.
type content struct {
	heads       [priorities]string // "<14>1 ", by priority
	mapPriority func(zapcore.Level) Priority
	limit       int             // of a message, in bytes
	encoder     zapcore.Encoder // nil: the text is zap's message
	ident       string
	text        *escaping // for the message
	values      *escaping // for fields
	nestedJSON  bool
	separator   byte // replaces dots in names; 0: a dot
	unique      bool // names are made unique
	workspaces  *sync.Pool
}

// newContent returns the content for a cfg with defaults.
func newContent(cfg *Config, facility Facility) content {
	c := content{
		mapPriority: cfg.MapPriority,
		limit:       cfg.MaxSize - cfg.overhead(),
		encoder:     cfg.Encoder,
		ident:       cfg.Ident,
		text:        newEscaping(false, cfg.marked()),
		values:      newEscaping(true, cfg.marked()),
		nestedJSON:  cfg.NestedJSON,
		unique:      cfg.UniqueNames,
		workspaces:  &sync.Pool{New: func() any { return new(workspace) }},
	}
	if cfg.visible() {
		c.text, c.values = c.text.visible(), c.values.visible()
	}
	if cfg.Separator != "" && cfg.Separator != "." {
		c.separator = cfg.Separator[0]
	}
	version := ""
	if cfg.Format == RFC5424 {
		version = "1 "
	}
	for p := range c.heads {
		c.heads[p] = fmt.Sprintf("<%d>%s", EncodePriority(facility, Priority(p)), version)
	}
	return c
}

// workspace is a formatter's memory while it makes a message, and its cache of the last timestamp.
type workspace struct {
	params
	timestampCache
}

func (c *content) workspace() *workspace { return c.workspaces.Get().(*workspace) }

// priority returns the priority of a level.
func (c *content) priority(l zapcore.Level) Priority {
	if p := c.mapPriority(l); int(p) < priorities {
		return p
	}
	return Warning
}

// appendBody appends the text: the encoder's line, or Ident and message.
func (c *content) appendBody(dst []byte, r *base.Record, message string, limit int) ([]byte, error) {
	if c.ident != "" {
		var whole bool
		if dst, whole = c.text.appendUpTo(dst, c.ident, limit); !whole {
			return dst, nil
		}
	}
	if c.encoder == nil {
		dst, _ = c.text.appendUpTo(dst, message, limit)
		return dst, nil
	}
	line, err := r.Encode(c.encoder)
	if err != nil {
		return dst, err
	}
	defer line.Free()
	dst, _ = c.text.appendUpTo(dst, text(bytes.TrimSuffix(line.Bytes(), newline)), limit)
	return dst, nil
}

var newline = []byte{'\n'}

// appendText appends the body and behind it the fields, unless an encoder wrote them: for forms without structured data.
func (c *content) appendText(w *workspace, dst []byte, r *base.Record, ent *zapcore.Entry, limit int) ([]byte, error) {
	if c.encoder != nil {
		return c.appendBody(dst, r, "", limit)
	}
	dst, err := c.appendBody(dst, r, ent.Message, limit-len(truncated))
	if err != nil {
		return dst, err
	}
	return c.appendFields(w, dst, r, ent, limit), nil
}

// appendFields appends the record's fields as parameters.
func (c *content) appendFields(w *workspace, dst []byte, r *base.Record, ent *zapcore.Entry, limit int) []byte {
	w.separator, w.unique = c.separator, c.unique
	w.forgetNames(len(dst))
	w.begin(dst, limit, c.values, c.nestedJSON)
	_ = r.MarshalLogObject(&w.params) // never an error: a field's error is a field
	w.entry(ent)
	return w.end()
}
