package names

import (
	"encoding/json"
	"hash/maphash"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Rule is the rule for one kind of document. It is safe for concurrent use.
type Rule struct {
	reserved  map[uint64]kind // paths that the record itself has
	errorName string          // what a text called "error" is called; "" leaves it
	errorType string          // what the type of that error is called; "" leaves it out
	typePath  uint64          // of errorType
	seed      uint64
	hashes    maphash.Seed

	known   [512]atomic.Uint64 // hashes of names that were looked at, by their lowest bits; the last two are a verdict
	renamer sync.Pool
}

// Config makes a Rule.
type Config struct {
	// Reserved are the paths of what a document has beside the record's fields.
	Reserved []string
	// Names are what no value of the first level may be called, though there may be dotted names that begin with one.
	Names []string
	// Error is what a text called "error" is called, on the first level: zap.Error's. Defaults to "error".
	Error string
	// ErrorType is what the type of that error is called, unless a field of the record has that name. Defaults to leaving it out.
	ErrorType string
}

// New returns a Rule.
func New(cfg Config) *Rule {
	rule := &Rule{
		reserved:  make(map[uint64]kind),
		errorName: cfg.Error,
		errorType: cfg.ErrorType,
		seed:      rand.Uint64(),
		hashes:    maphash.MakeSeed(),
	}
	for _, path := range cfg.Reserved {
		h := rootPath
		for {
			part, rest, more := strings.Cut(path, ".")
			h = rule.join(h, part)
			if !more {
				break
			}
			rule.reserved[h] = object
			path = rest
		}
		if rule.reserved[h] == none {
			rule.reserved[h] = leaf
		}
	}
	for _, name := range cfg.Names {
		rule.reserved[rule.join(rootPath, name)] = object
		rule.reserved[rule.join(^rootPath, name)] = literal
	}
	if rule.errorType != "" {
		rule.typePath = rootPath
		for part := range strings.SplitSeq(rule.errorType, ".") {
			rule.typePath = rule.join(rule.typePath, part)
		}
	}
	rule.renamer.New = func() any { return newRenamer(rule) }
	return rule
}

// join returns the hash of a path with one more part.
func (rule *Rule) join(path uint64, part string) uint64 {
	return (path ^ maphash.String(rule.hashes, part)) * 0x9e3779b97f4a7c15
}

// verdict is what a look at the names of a record has found.
type verdict uint64

const (
	verdictBroken   verdict = 1 << iota // they break the rule
	verdictOwnsType                     // a field has the name that the type of an error would get
	verdictMask     = 1<<iota - 1
)

// Distinct returns r, or a record from base.GetRecord with other names, which the caller frees: if it is not r.
func (rule *Rule) Distinct(r *base.Record) *base.Record {
	h := r.NamesHash(rule.seed) &^ verdictMask
	known := &rule.known[h/(verdictMask+1)%uint64(len(rule.known))]
	v := known.Load()
	if v&^verdictMask != h || v == 0 {
		w := rule.renamer.Get().(*renamer)
		v = h | uint64(w.look(r))
		rule.renamer.Put(w)
		known.Store(v)
	}
	if verdict := verdict(v & verdictMask); verdict&verdictBroken != 0 {
		return rule.rename(r, verdict)
	}
	return r
}

func (rule *Rule) rename(r *base.Record, found verdict) *base.Record {
	w := rule.renamer.Get().(*renamer)
	defer rule.renamer.Put(w)
	out := base.GetRecord()
	if w.write(out, r, found) != nil { // it has become too large
		out.Free()
		return r
	}
	return out
}

// Of returns the paths of what enc writes beside the fields of a record, and whether it makes JSON objects at all.
func Of(enc zapcore.Encoder) (paths []string, ok bool) {
	err := base.Guard(func() error {
		line, err := enc.Clone().EncodeEntry(zapcore.Entry{
			Level: zapcore.ErrorLevel, Time: time.Unix(1e9, 0), LoggerName: "name", Message: "message", Stack: "stack",
			Caller: zapcore.EntryCaller{Defined: true, File: "/dir/file.go", Line: 1, Function: "function"},
		}, nil)
		if err != nil {
			return err
		}
		defer line.Free()
		var document map[string]any
		if err := json.Unmarshal(line.Bytes(), &document); err != nil {
			return err
		}
		paths = appendPaths(nil, "", document)
		return nil
	})
	return paths, err == nil
}

func appendPaths(paths []string, prefix string, object map[string]any) []string {
	for name, value := range object {
		if inner, ok := value.(map[string]any); ok {
			paths = appendPaths(paths, prefix+name+".", inner)
			continue
		}
		paths = append(paths, prefix+name)
	}
	return paths
}
