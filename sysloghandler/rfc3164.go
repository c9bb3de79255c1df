package sysloghandler

import (
	"fmt"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// maxTag is the length of the longest TAG, in bytes: RFC 3164 section 4.1.3.
const maxTag = 32

// rfc3164 is the Formatter for RFC 3164 section 4.1 as daemons read it: with the process id in brackets behind the tag, and without
// the host name on unix sockets.
//
//	<14>Nov 22 10:11:12 host app[4711]: message key="value"
type rfc3164 struct {
	content
	identity string // " host app[4711]: "
}

func newRFC3164(cfg *Config, c content) *rfc3164 {
	host := ""
	if !cfg.onUnix() {
		host = " " + clean(cfg.Hostname, &headerBytes, maxHostname)
	}
	tag, proc := clean(cfg.AppName, &tagBytes, maxTag), clean(cfg.ProcID, &tagBytes, maxProcID)
	return &rfc3164{content: c, identity: fmt.Sprintf("%s %s[%s]: ", host, tag, proc)}
}

// headSize is the most that precedes the body, in bytes.
func (f *rfc3164) headSize() int { return len("<191>") + len(time.Stamp) + len(f.identity) }

// Append implements base.Formatter.
func (f *rfc3164) Append(dst []byte, r *base.Record) ([]byte, error) {
	w := f.workspace()
	defer f.workspaces.Put(w)
	ent := r.EntryView()
	end := len(dst) + f.limit
	dst = append(dst, f.heads[f.priority(ent.Level)]...)
	dst = w.appendStamp(dst, ent.Time)
	dst = append(dst, f.identity...)
	return f.appendText(w, dst, r, ent, end)
}
