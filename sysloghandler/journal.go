package sysloghandler

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// journal is the Network for systemd's journal in its own protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL).
const journal = "journal"

// journalForm is the Format of Network "journal". A Config cannot ask for it.
const journalForm = formats + 1

const (
	journalSocket  = "/run/systemd/journal/socket"
	journalMaxSize = 4 << 20
	// maxJournalName is the longest field name that the journal accepts, in bytes.
	maxJournalName = 64
	// maxJournalFields limits the fields of an entry: the journal silently drops an entry with more than 1,025.
	maxJournalFields = 1000
)

// native is the Formatter for the journal. A field is a line; a value of several lines follows its length.
//
//	PRIORITY=6              MESSAGE
//	SYSLOG_IDENTIFIER=shop  16 bytes, as 64 bits, little-endian ‖ first line
//	CLIENT_IP=::1           second
type native struct {
	content
	starts [priorities]string // by priority: the fields that are the same in every entry, and the name of the time
}

const timestampName = "SYSLOG_TIMESTAMP="

func newNative(cfg *Config, c content, facility Facility) *native {
	fixed := "\nSYSLOG_FACILITY=" + strconv.Itoa(int(facility)) + "\n"
	for _, f := range [...]struct{ name, value string }{{"SYSLOG_IDENTIFIER", cfg.AppName}, {"SYSLOG_PID", cfg.ProcID}} {
		if f.value != nilValue {
			fixed += f.name + "=" + clean(f.value, &headerBytes, maxProcID) + "\n"
		}
	}
	f := &native{content: c}
	for p := range f.starts {
		f.starts[p] = "PRIORITY=" + strconv.Itoa(p) + fixed + timestampName
	}
	return f
}

// headSize is the most that precedes the message, in bytes.
func (f *native) headSize() int { return len(f.starts[0]) + 512 }

// Append implements base.Formatter.
func (f *native) Append(dst []byte, r *base.Record) ([]byte, error) {
	w := f.workspace()
	defer f.workspaces.Put(w)
	ent := r.EntryView()
	start, end := len(dst), len(dst)+f.limit
	dst = append(dst, f.starts[f.priority(ent.Level)]...)
	without := len(dst) - len(timestampName)
	if dst = w.appendTimestamp(dst, ent.Time); string(dst[len(dst)-2:]) == "="+nilValue {
		dst = dst[:without] // RFC 5424 cannot express the time
	} else {
		dst = append(dst, '\n')
	}
	p := &w.params
	p.separator, p.native, p.unique = 0, true, true
	p.forgetNames(start)
	p.begin(dst, end, f.text, f.nestedJSON)
	if ent.LoggerName != "" {
		p.addNative("LOGGER", ent.LoggerName)
	}
	if ent.Caller.Defined {
		p.addNative("CODE_FILE", ent.Caller.File)
		p.addNative("CODE_LINE", strconv.Itoa(ent.Caller.Line))
		if ent.Caller.Function != "" {
			p.addNative("CODE_FUNC", ent.Caller.Function)
		}
	}
	dst, err := f.appendMessage(p, r, ent)
	if err != nil || f.encoder != nil {
		p.end()
		p.native = false
		return dst, err
	}
	if ent.Stack != "" {
		p.AddString("stacktrace", ent.Stack)
	}
	_ = r.MarshalLogObject(p) // never an error: a field's error is a field
	dst = p.end()
	p.native = false
	return dst, nil
}

// appendMessage appends the message. It leaves a quarter of the limit to the fields.
func (f *native) appendMessage(p *params, r *base.Record, ent *zapcore.Entry) ([]byte, error) {
	whole := p.limit
	defer func() { p.limit = whole }()
	if f.encoder == nil {
		p.limit -= (p.limit - len(p.dst)) / 4
	}
	if f.encoder == nil && f.ident == "" {
		p.addNative("MESSAGE", ent.Message)
		p.full = false
		return p.dst, nil
	}
	line := []byte(f.ident)
	if f.encoder == nil {
		line = append(line, ent.Message...)
	} else {
		buf, err := r.Encode(f.encoder)
		if err != nil {
			return p.dst, err
		}
		line = append(line, bytes.TrimSuffix(buf.Bytes(), newline)...)
		buf.Free()
	}
	p.addNative("MESSAGE", text(line))
	p.full = false
	return p.dst, nil
}

// addNative appends a field whose name is valid.
func (p *params) addNative(name, value string) {
	if p.full {
		return
	}
	start := len(p.dst)
	p.dst = append(p.dst, name...)
	p.addNativeValue(start, value)
}

// addNativeValue appends the value of the field whose name begins at start.
func (p *params) addNativeValue(start int, value string) {
	if len(p.dst)+len(value)+1 < p.limit && p.words(value) == len(value) { // nothing to escape, and no newline
		p.dst = append(append(append(p.dst, '='), value...), '\n')
		return
	}
	if strings.IndexByte(value, '\n') < 0 {
		p.dst = append(p.dst, '=')
		p.finishNative(start, value)
		return
	}
	p.dst = append(p.dst, '\n', 0, 0, 0, 0, 0, 0, 0, 0)
	size := len(p.dst)
	if p.finishNative(start, value) {
		binary.LittleEndian.PutUint64(p.dst[size-8:], uint64(len(p.dst)-1-size))
	}
}

// finishNative appends the value itself and ends the line. It returns false if the field did not fit and was removed.
func (p *params) finishNative(start int, value string) bool {
	values := len(p.dst)
	var whole bool
	p.dst, whole = p.appendUpTo(p.dst, value, p.limit-1)
	p.full = p.full || !whole
	if !whole && len(p.dst) == values || len(p.dst) >= p.limit {
		p.dst, p.full = p.dst[:start], true
		return false
	}
	p.dst = append(p.dst, '\n')
	return true
}

// openNative appends a valid name, made of prefix and key, that is new in this entry: letters become capitals, everything else except
// digits an underscore. An X comes before a name that would begin with a digit or an underscore, or that is the entry's own. A name
// of more than 64 bytes is its beginning and a hash. A name that exists already gets a number.
func (p *params) openNative(key string) (start int, ok bool) {
	if p.full || len(p.names) >= maxJournalFields {
		p.full = true
		return 0, false
	}
	start = len(p.dst)
	if p.addPlainName(key) {
		return start, true
	}
	p.dst = append(p.dst, 'X')
	p.dst = append(append(p.dst, p.prefix...), key...)
	name := p.dst[start+1:]
	legalise(name)
	if len(name) == 0 || name[0] == '_' || '0' <= name[0] && name[0] <= '9' || isOwn(name) {
		name = p.dst[start:]
	} else {
		copy(p.dst[start:], name)
		p.dst = p.dst[:len(p.dst)-1]
		name = p.dst[start:]
	}
	if len(name) > maxJournalName {
		const kept = maxJournalName - 9
		hash := fnv32a(name)
		p.dst = p.dst[:start+kept]
		p.dst = append(p.dst, '_')
		for i := range 8 {
			p.dst = append(p.dst, "0123456789ABCDEF"[hash>>(28-4*i)&15])
		}
	}
	p.makeUnique(start, maxJournalName)
	return start, true
}

// addPlainName is the fast path of openNative for most keys: those that are valid once their letters are capitals. It makes the name
// and its hash in one pass. It appends nothing and returns false if more is to be done, or if the hash may be that of another name.
func (p *params) addPlainName(key string) bool {
	start, size := len(p.dst), len(key)
	if len(p.prefix) > 0 || size == 0 || size > maxJournalName || cap(p.dst)-start < size {
		return false
	}
	name, hash := p.dst[start:start+size], uint32(fnvBasis)
	for i := range name {
		c := legal[key[i]]
		name[i] = c
		hash = (hash ^ uint32(c)) * fnvPrime
	}
	if name[0] < 'A' || name[0] == '_' || likeOwn[hash>>24] || p.nameBits&hashBit(hash) != 0 {
		return false
	}
	p.dst = p.dst[:start+size]
	p.rememberName(start, hash)
	return true
}

// legal maps each byte to one that a name may contain.
var legal = func() (table [256]byte) {
	for i := range table {
		switch c := byte(i); {
		case 'a' <= c && c <= 'z':
			table[i] = c - 'a' + 'A'
		case 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			table[i] = c
		default:
			table[i] = '_'
		}
	}
	return table
}()

// legalise maps each byte of name to one that a name may contain.
func legalise(name []byte) {
	for i, c := range name {
		name[i] = legal[c]
	}
}

// own are the names that the entry itself uses.
var own = [...]string{
	"MESSAGE", "MESSAGE_ID", "PRIORITY", "CODE_FILE", "CODE_LINE", "CODE_FUNC", "LOGGER", "TRUNCATED", "SYSLOG_FACILITY",
	"SYSLOG_IDENTIFIER", "SYSLOG_PID", "SYSLOG_TIMESTAMP", "SYSLOG_RAW", "ERRNO", "TID", "UNIT", "OBJECT_PID",
}

// likeOwn tells, by the top byte of its hash, whether a name may be in own.
var likeOwn = func() (table [256]bool) {
	for _, name := range own {
		table[foldedHash([]byte(name))>>24] = true
	}
	return table
}()

// isOwn reports whether a name is in own.
func isOwn(name []byte) bool {
	return slices.ContainsFunc(own[:], func(o string) bool { return o == string(name) })
}
