package sysloghandler

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// TimeQuality tells the receiver how far to trust the timestamps: RFC 5424 section 7.1.
type TimeQuality struct {
	// UnknownZone says that the program does not know its time zone.
	UnknownZone bool
	// Synced says that the clock is synchronised to an external source.
	Synced bool
	// Accuracy is the largest error of the clock, sent in whole microseconds, rounded up. It needs Synced. 0 says nothing.
	Accuracy time.Duration
}

// Origin tells the receiver where messages come from: RFC 5424 section 7.2. Each value is optional.
type Origin struct {
	// IP holds addresses of this machine.
	IP []string
	// EnterpriseID is the SMI private enterprise number of the software's maker, with its sub-identifiers: "32473.1".
	EnterpriseID string
	// Software is the program's name, up to 48 characters, and Version its version, up to 32. Longer values are cut.
	Software, Version string
}

// rfc5424 is the Formatter of RFC 5424:
//
//	<14>1 2026-11-22T10:11:12.123456Z host app 4711 msgid [meta …][timeQuality …][origin …][fields@32473 …] message
//	└head─┘                          └─── identity ──┘    └────────────── fixed ───────────┘
type rfc5424 struct {
	content
	identity string
	msgID    func(zapcore.Entry) string // nil: the logger's name
	fixed    string                     // the elements that are the same in every message
	element  string                     // the beginning of the element with the fields
	bom      string
}

// The lengths of the longest values in the origin element, in characters: RFC 5424 sections 7.2.3 and 7.2.4.
const (
	maxSoftware = 48
	maxVersion  = 32
)

// sequenceStart precedes the number that a numbered emitter fills in.
const sequenceStart = `[meta sequenceId="`

func newRFC5424(cfg *Config, c content) *rfc5424 {
	f := &rfc5424{
		content: c,
		identity: fmt.Sprintf(" %s %s %s ", clean(cfg.Hostname, &headerBytes, maxHostname),
			clean(cfg.AppName, &headerBytes, maxAppName), clean(cfg.ProcID, &headerBytes, maxProcID)),
		msgID:   cfg.MsgID,
		fixed:   fixedElements(cfg, c.values),
		element: "[" + cfg.FieldsID,
	}
	if cfg.BOM {
		f.bom = "\uFEFF"
	}
	return f
}

// headSize is the most that precedes the fields, in bytes.
func (f *rfc5424) headSize() int {
	const head, timestamp = len("<191>1 "), len("2026-11-22T10:11:12.123456+01:00")
	return head + timestamp + len(f.identity) + maxMsgID + 1 + len(f.fixed) + len(f.element) + 1
}

// Append implements base.Formatter.
func (f *rfc5424) Append(dst []byte, r *base.Record) ([]byte, error) {
	w := f.workspace()
	defer f.workspaces.Put(w)
	ent := r.EntryView()
	end := len(dst) + f.limit
	dst = append(dst, f.heads[f.priority(ent.Level)]...)
	dst = w.appendTimestamp(dst, ent.Time)
	dst = append(dst, f.identity...)
	id := ent.LoggerName
	if f.msgID != nil {
		id = f.msgID(*ent)
	}
	dst = append(appendClean(dst, id, &headerBytes, maxMsgID), ' ')
	dst = f.appendStructured(w, dst, r, ent, end)
	if f.encoder == nil && ent.Message == "" && f.ident == "" {
		return dst, nil
	}
	dst = append(append(dst, ' '), f.bom...)
	return f.appendBody(dst, r, ent.Message, end)
}

// appendStructured appends the structured data. It leaves the body as much room as that needs, up to a quarter of the message.
func (f *rfc5424) appendStructured(w *workspace, dst []byte, r *base.Record, ent *zapcore.Entry, end int) []byte {
	dst = append(dst, f.fixed...)
	if f.encoder == nil {
		body := 1 + len(f.bom) + len(f.ident) + len(ent.Message)
		element := len(dst)
		dst = append(dst, f.element...)
		params := len(dst)
		dst = f.appendFields(w, dst, r, ent, end-min(body, f.limit/4)-1)
		if len(dst) > params {
			return append(dst, ']')
		}
		dst = dst[:element]
	}
	if f.fixed == "" {
		dst = append(dst, nilValue...)
	}
	return dst
}

// fixedElements returns the elements that are the same in every message, except for the sequence number.
func fixedElements(cfg *Config, values *escaping) string {
	var b strings.Builder
	param := func(name, value string) {
		escaped, _ := values.append(nil, value, 1<<20)
		fmt.Fprintf(&b, ` %s="%s"`, name, escaped)
	}
	if cfg.SequenceID {
		b.WriteString(sequenceStart + `"]`)
	}
	if q := cfg.TimeQuality; q != nil {
		b.WriteString("[timeQuality")
		param("tzKnown", flag(!q.UnknownZone))
		param("isSynced", flag(q.Synced))
		if q.Synced && q.Accuracy > 0 {
			param("syncAccuracy", strconv.FormatInt(int64((q.Accuracy-1)/time.Microsecond+1), 10))
		}
		b.WriteByte(']')
	}
	if o := cfg.Origin; o != nil {
		b.WriteString("[origin")
		for _, ip := range o.IP {
			param("ip", ip)
		}
		for _, p := range [...]struct {
			name, value string
			longest     int
		}{
			{"enterpriseId", o.EnterpriseID, len(o.EnterpriseID)},
			{"software", o.Software, maxSoftware},
			{"swVersion", o.Version, maxVersion},
		} {
			if runes := []rune(p.value); len(runes) > 0 {
				param(p.name, string(runes[:min(len(runes), p.longest)]))
			}
		}
		b.WriteByte(']')
	}
	return b.String()
}

func flag(is bool) string {
	if is {
		return "1"
	}
	return "0"
}
