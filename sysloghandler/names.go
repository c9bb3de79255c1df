package sysloghandler

import (
	"bytes"
	"strconv"
)

// nameSpan is where a name stands in the message, and its hash.
type nameSpan struct {
	hash       uint32
	start, end int
}

// makeUnique puts a number behind the name at the end of dst, which begins at start, if the message has it already. A name has at most
// limit bytes.
func (p *params) makeUnique(start, limit int) {
	base := len(p.dst)
	for n := 2; p.isKnown(p.dst[start:]); n++ {
		var digits [20]byte
		number := strconv.AppendInt(digits[:0], int64(n), 10)
		p.dst = append(p.dst[:min(base, start+limit-1-len(number))], '_')
		p.dst = append(p.dst, number...)
	}
	p.names = append(p.names, nameSpan{foldedHash(p.dst[start:]), start - p.nameBase, len(p.dst) - p.nameBase})
}

// isKnown tells whether the message has a name already, in whatever case.
func (p *params) isKnown(name []byte) bool {
	hash := foldedHash(name)
	for _, known := range p.names {
		if known.hash == hash && bytes.EqualFold(p.dst[p.nameBase+known.start:p.nameBase+known.end], name) {
			return true
		}
	}
	return false
}

// foldedHash is fnv32a of the name in capitals.
func foldedHash(name []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range name {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}
