package sysloghandler

import base "example.com/zaphandlers/zapcore"

// python is the Formatter of Python's SysLogHandler:
//
//	<14>ident message key="value"␀
//
// NUL bytes and newlines inside a message are sent unchanged, as Python does, if the transport itself marks the end of messages.
type python struct {
	content
	terminator string // "\x00", unless OmitNUL is set or a framing marks the end
}

func newPython(cfg *Config, c content) *python {
	f := &python{content: c}
	if !cfg.marked() && !cfg.visible() {
		f.text = f.raw()
	}
	if !cfg.OmitNUL && !cfg.marked() {
		f.terminator = "\x00"
	}
	return f
}

// raw returns the escaping that keeps NUL.
func (f *python) raw() *escaping {
	e := *f.text
	e.action[0] = copied
	return &e
}

func (f *python) headSize() int { return len("<191>") }

// Append implements base.Formatter.
func (f *python) Append(dst []byte, r *base.Record) ([]byte, error) {
	w := f.workspace()
	defer f.workspaces.Put(w)
	ent := r.EntryView()
	end := len(dst) + f.limit - len(f.terminator)
	dst = append(dst, f.heads[f.priority(ent.Level)]...)
	dst, err := f.appendText(w, dst, r, ent, end)
	return append(dst, f.terminator...), err
}
