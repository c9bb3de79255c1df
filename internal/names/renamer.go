package names

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/fields"
	base "example.com/zaphandlers/zapcore"
)

// renamer checks the names of one record, and writes the record under distinct names. It is for one goroutine at a time.
type renamer struct {
	rule  *Rule
	seen  table
	walk  fields.Walker
	scope scope
	outer []scope // the scopes around the open namespaces, outermost first

	key     string // of the next value
	changed bool   // a field got another name
	owns    bool   // a field has the name that the type of an error would get
	scratch []byte // holds the new names

	elements uint64       // counts the objects and arrays in arrays
	record   *base.Record // the record being written
	inline   [1]zapcore.Field
	levels   []*level // for reuse
}

// scope is the object or array that is being walked.
type scope struct {
	path  uint64                // hash of its path
	id    uint64                // identifies the object itself: two may have the same path
	first bool                  // it is the top level of the record
	array bool                  // its elements have no names
	obj   zapcore.ObjectEncoder // gets its members; nil while names are only checked
	arr   zapcore.ArrayEncoder  // gets its elements; nil while names are only checked
}

const rootPath = uint64(0x517cc1b727220a95)

var _ fields.Values = (*values)(nil)

func newRenamer(rule *Rule) *renamer {
	r := &renamer{rule: rule}
	r.walk.Values = &values{r}
	r.inline[0] = zapcore.Field{Type: zapcore.InlineMarshalerType, Interface: r}
	return r
}

// check walks rec and reports what is to be done about its names.
func (r *renamer) check(rec *base.Record) (found findings) {
	r.begin(nil)
	r.owns = false
	_ = r.walk.Level(rec)
	if r.changed {
		found |= breaksRule
	}
	if r.owns {
		found |= ownsErrorType
	}
	return found
}

// write records rec in out, under distinct names. found is the result of check.
func (r *renamer) write(out, rec *base.Record, found findings) error {
	r.record, r.owns = rec, found&ownsErrorType != 0
	err := out.Capture(rec.Entry(), base.Context{}, r.inline[:])
	r.record = nil
	r.begin(nil) // drops the encoder
	return err
}

// MarshalLogObject implements zapcore.ObjectMarshaler, for out.Capture.
func (r *renamer) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	r.begin(enc)
	return r.walk.Level(r.record)
}

func (r *renamer) begin(enc zapcore.ObjectEncoder) {
	r.seen.reset()
	r.scope = scope{path: rootPath, id: rootPath, first: true, obj: enc}
	clear(r.outer)
	r.outer, r.changed, r.scratch, r.elements = r.outer[:0], false, r.scratch[:0], 0
}

// choose returns the name for the value whose key is r.key, and the hash of its path.
func (r *renamer) choose(want kind) (name string, path uint64) {
	name = r.key
	if !utf8.ValidString(name) { // every JSON encoder does this: done later, two names might become one
		name = strings.ToValidUTF8(name, "\ufffd")
	}
	for rest, more := name, true; more; {
		var part string
		part, rest, more = strings.Cut(rest, ".")
		if isBlank(part) {
			name = r.withoutBlank(name)
			break
		}
	}
	return r.distinct(name, want)
}

// distinct returns name, or a free one made from it, and takes it. It changes only the part of the name that collides.
func (r *renamer) distinct(name string, want kind) (string, uint64) {
	path, end := r.find(name, want)
	var stem, tail string
	for changed := -1; end > 0; path, end = r.find(name, want) {
		if end != changed {
			stem, tail = name[:end], name[end:]
		}
		s := r.seen.at(r.rule.join(^r.pathOf(stem), "")) // its next is for all names that would have this path
		name = r.numbered(stem, s.next, tail)
		s.next++
		changed = len(name) - len(tail)
	}
	r.take(name, want)
	r.changed = r.changed || name != r.key
	return name, path
}

// numbered returns stem_ for 1, stem_2 for 2 and so on, with the tail behind. The string is valid while the record is walked.
func (r *renamer) numbered(stem string, n uint32, tail string) string {
	begin := len(r.scratch)
	r.scratch = append(append(r.scratch, stem...), '_')
	if n > 1 {
		r.scratch = strconv.AppendUint(r.scratch, uint64(n), 10)
	}
	r.scratch = append(r.scratch, tail...)
	return unsafe.String(&r.scratch[begin], len(r.scratch)-begin) // these bytes do not change, even when r.scratch grows
}

func isBlank(part string) bool {
	if part != "" && part[0] > ' ' && part[0] < 0x80 {
		return false
	}
	return strings.TrimFunc(part, unicode.IsSpace) == ""
}

func (r *renamer) withoutBlank(name string) string {
	parts := strings.Split(name, ".")
	for i, part := range parts {
		if isBlank(part) {
			parts[i] = "_"
		}
	}
	return strings.Join(parts, ".")
}

// find returns the hash of the path of name in this scope. end is 0 if the path is free for a value of that kind, else the end of the part
// of the name that collides.
func (r *renamer) find(name string, want kind) (path uint64, end int) {
	path = r.scope.path
	for {
		dot := strings.IndexByte(name[end:], '.')
		if dot < 0 {
			break
		}
		path = r.rule.join(path, name[end:end+dot])
		if r.known(path) == leaf {
			return path, end + dot
		}
		end += dot + 1
	}
	path = r.rule.join(path, name[end:])
	switch known := r.known(path); {
	case known == none, known == object && want == object && r.known(r.member(name)) == none:
		return path, 0
	}
	return path, len(name)
}

// pathOf returns the hash of the path that name has in this scope.
func (r *renamer) pathOf(name string) uint64 {
	path := r.scope.path
	for part, rest, more := "", name, true; more; {
		part, rest, more = strings.Cut(rest, ".")
		path = r.rule.join(path, part)
	}
	return path
}

// known returns what is known of a path.
func (r *renamer) known(path uint64) kind {
	if k := r.seen.get(path); k != none {
		return k
	}
	return r.rule.reserved[path]
}

// member is the hash of a name in this object, whatever its path.
func (r *renamer) member(name string) uint64 { return r.rule.join(^r.scope.id, name) }

// take notes that name is used for a value of that kind.
func (r *renamer) take(name string, want kind) {
	path := r.scope.path
	for rest := name; ; {
		part, after, more := strings.Cut(rest, ".")
		path = r.rule.join(path, part)
		if !more {
			break
		}
		r.seen.at(path).kind = object
		rest = after
	}
	r.seen.at(path).kind = want
	r.owns = r.owns || path == r.rule.typePath
	if want == object {
		r.seen.at(r.member(name)).kind = literal
	}
}
