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
	reserved  map[uint64]kind // the paths of the record's own members
	errorName string          // Config.Error; "": "error" stays
	errorType string          // Config.ErrorType; "": it is left out
	typePath  uint64          // the path of errorType
	seed      uint64
	hashes    maphash.Seed

	known   [512]atomic.Uint64 // hashes of the names of records that were checked, by their low bits; the lowest two are findings
	renamer sync.Pool
}

// Config makes a Rule.
type Config struct {
	// Reserved are the paths of the members that a document has beside the record's fields.
	Reserved []string
	// Names are names that no value of the first level may have. Dotted names may begin with one of them.
	Names []string
	// Error is the new name of a text named "error" on the first level, which is zap.Error's. Defaults to "error".
	Error string
	// ErrorType is the name for the type of that error, unless a field of the record has that name. Defaults to leaving the type out.
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

// findings says what a check of the names of a record has found.
type findings uint64

const (
	breaksRule    findings = 1 << iota // some names break the rule
	ownsErrorType                      // a field has the name that the type of an error would get
	findingsMask  = 1<<iota - 1
)

// Distinct returns r if its names follow the rule. Else it returns a record from base.GetRecord with other names, which the caller frees.
func (rule *Rule) Distinct(r *base.Record) *base.Record {
	h := r.NamesHash(rule.seed) &^ findingsMask
	known := &rule.known[h/(findingsMask+1)%uint64(len(rule.known))]
	v := known.Load()
	if v&^findingsMask != h || v == 0 {
		w := rule.renamer.Get().(*renamer)
		v = h | uint64(w.check(r))
		rule.renamer.Put(w)
		known.Store(v)
	}
	if found := findings(v & findingsMask); found&breaksRule != 0 {
		return rule.rename(r, found)
	}
	return r
}

func (rule *Rule) rename(r *base.Record, found findings) *base.Record {
	w := rule.renamer.Get().(*renamer)
	defer rule.renamer.Put(w)
	out := base.GetRecord()
	if w.write(out, r, found) != nil { // with longer names the record is too large
		out.Free()
		return r
	}
	return out
}

// Of returns the paths of the members that enc writes beside the fields of a record. ok is false if enc does not write JSON objects.
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
