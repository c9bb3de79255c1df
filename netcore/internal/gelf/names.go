package gelf

import (
	"bytes"
	"hash/maphash"
	"strconv"
	"unicode/utf8"
)

// reserved are the names, without their underscore, that no field may have. _id is forbidden. Graylog discards the others, because it
// sets such a field itself or its store reserves the name (its GelfCodec).
var reserved = []string{"id", "message", "full_message", "short_message", "source", "host", "timestamp", "level", "version", "streams",
	"_id", "_ttl", "_source", "_all", "_index", "_type", "_score",
	loggerName, fileName, lineName, functionName}

// names makes the field names of a message valid and distinct. A valid name is an underscore, and then letters, digits, underscores,
// dots and hyphens.
type names struct {
	prefix []byte              // of the next names: the names of the objects around, each with a dot
	seen   []uint64            // hashes of the names so far
	many   map[uint64]struct{} // the same, if there are more than few
	stored []byte              // scratch: a name as Graylog stores it
}

const few = 64

var (
	seed       = maphash.MakeSeed()
	reservedAs = func() (hashes []uint64) {
		for _, name := range reserved {
			hashes = append(hashes, maphash.String(seed, "_"+name))
		}
		return hashes
	}()
)

func (n *names) reset() {
	n.prefix, n.seen, n.many = n.prefix[:0], append(n.seen[:0], reservedAs...), nil
}

// small reports whether n is small enough for the pool.
func (n *names) small() bool {
	return cap(n.seen) <= keepBytes && cap(n.prefix) <= keepBytes && cap(n.stored) <= keepBytes
}

// append appends the name of a field: the objects around it, and key, made distinct.
func (n *names) append(dst []byte, key string) []byte {
	begin := len(dst)
	dst = append(dst, '_')
	dst = append(dst, n.prefix...)
	dst = appendLegal(dst, key)
	if n.take(dst[begin:]) {
		return dst
	}
	dst = append(dst, '_')
	for i, end := 2, len(dst); !n.take(dst[begin:]); i++ {
		dst = strconv.AppendInt(dst[:end], int64(i), 10)
	}
	return dst
}

// enter begins an object called key, and returns the argument for leave.
func (n *names) enter(key string) (outer int) {
	outer = len(n.prefix)
	n.prefix = append(appendLegal(n.prefix, key), '.')
	return outer
}

func (n *names) leave(outer int) { n.prefix = n.prefix[:outer] }

// take reports whether a name is new, and remembers it. A dot counts as an underscore: Graylog replaces it by one, and then drops a
// field whose name is already taken.
func (n *names) take(name []byte) bool {
	if bytes.IndexByte(name, '.') >= 0 {
		n.stored = append(n.stored[:0], name...)
		for i, c := range n.stored {
			if c == '.' {
				n.stored[i] = '_'
			}
		}
		name = n.stored
	}
	hash := maphash.Bytes(seed, name)
	if n.many != nil {
		_, there := n.many[hash]
		n.many[hash] = struct{}{}
		return !there
	}
	for _, h := range n.seen {
		if h == hash {
			return false
		}
	}
	if n.seen = append(n.seen, hash); len(n.seen) > few {
		n.many = make(map[uint64]struct{}, 2*few)
		for _, h := range n.seen {
			n.many[h] = struct{}{}
		}
	}
	return true
}

// appendLegal appends key, with an underscore for each character that no name may have. An empty key becomes an underscore.
func appendLegal(dst []byte, key string) []byte {
	if key == "" {
		return append(dst, '_')
	}
	for i := 0; i < len(key); {
		c := key[i]
		if c < utf8.RuneSelf {
			i++
			if legal(c) {
				dst = append(dst, c)
				continue
			}
		} else {
			_, size := utf8.DecodeRuneInString(key[i:])
			i += size
		}
		dst = append(dst, '_')
	}
	return dst
}

func legal(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '-'
}
