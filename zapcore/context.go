package zapcore

import (
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/internal/tape"
)

// Context holds the fields of With, recorded when With was called. Every record made with it begins with them. It is
// immutable: With returns a new one. The zero value holds no fields.
type Context struct{ nodes string }

// With returns a Context that holds the fields of c and then fields.
func (c Context) With(fields []zapcore.Field) Context {
	if len(fields) == 0 {
		return c
	}
	r := GetRecord()
	defer r.Free()
	r.own.Continue(c.nodes)
	r.own.Fields(fields, nil)
	return Context{nodes: string(r.own.Bytes())}
}

// Fields returns the fields that c holds, as AppendFields does.
func (c Context) Fields() []zapcore.Field {
	var fields []zapcore.Field
	for cur := tape.CursorIn(c.nodes, 0); cur.More(); {
		fields = append(fields, cur.Field())
	}
	return fields
}

// Texts holds the texts of the errors and Stringers among the fields of one call. Its Ask runs code of the program, so call it before
// taking a lock; under the lock CapturePlain can then record the fields.
type Texts = tape.Texts

// CapturePlain writes the tape that Record.Capture would make of ent, the fields of context and then fields into b, and
// returns its length. texts.Ask must have been called with the same fields. It returns 0 if Ask returned false, or if b has too little
// room: it needs some bytes more than the tape takes. It runs no code of the program.
func CapturePlain(b []byte, ent *zapcore.Entry, context *Context, fields []zapcore.Field, texts *Texts) int {
	return tape.Plain(b, ent, context.nodes, fields, texts)
}
