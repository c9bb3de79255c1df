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
	seed      uint64
	hashes    maphash.Seed

	known   [512]atomic.Uint64 // hashes of names that were looked at, by their lowest bits; bit 0 is whether they break the rule
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
}

// New returns a Rule.
func New(cfg Config) *Rule {
	rule := &Rule{
		reserved:  make(map[uint64]kind),
		errorName: cfg.Error,
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
	rule.renamer.New = func() any { return newRenamer(rule) }
	return rule
}

// join returns the hash of a path with one more part.
func (rule *Rule) join(path uint64, part string) uint64 {
	return (path ^ maphash.String(rule.hashes, part)) * 0x9e3779b97f4a7c15
}

// Distinct returns r, or a record from base.GetRecord with other names, which the caller frees: if it is not r.
func (rule *Rule) Distinct(r *base.Record) *base.Record {
	h := r.NamesHash(rule.seed)
	known := &rule.known[h>>1%uint64(len(rule.known))]
	if v := known.Load(); v>>1 == h>>1 && v != 0 {
		if v&1 == 0 {
			return r
		}
		return rule.rename(r)
	}
	w := rule.renamer.Get().(*renamer)
	broken := w.look(r)
	rule.renamer.Put(w)
	if broken {
		known.Store(h | 1)
		return rule.rename(r)
	}
	known.Store(h &^ 1)
	return r
}

func (rule *Rule) rename(r *base.Record) *base.Record {
	w := rule.renamer.Get().(*renamer)
	defer rule.renamer.Put(w)
	out := base.GetRecord()
	if w.write(out, r) != nil { // it has become too large
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
