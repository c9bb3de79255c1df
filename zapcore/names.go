package zapcore

import "math/bits"

// NamesHash returns a hash of what the record's fields are called: their names, kinds, order and nesting. Two records whose
// names differ have different hashes, but for chance. Reflected objects and arrays count with their whole text, since names
// may be in it. Who has to look at all names of a record, and expects to see the same ones again and again, remembers by
// it what was found; it costs about 2 ns a field. The seed must not be chosen by whoever chooses the names.
func (r *Record) NamesHash(seed uint64) uint64 { return r.nodes().namesHash(seed) }

func (c cursor) namesHash(h uint64) uint64 {
	s, at := c.s, c.at
	for at < len(s) {
		t := s[at]
		n := int(s[at+1])
		begin := at + 2
		if n == longText {
			n, begin = int(load32(s, at+2)), at+textHeadSize+1
		}
		at = begin + n
		h ^= uint64(t)
		if n <= 8 && begin+8 <= len(s) {
			h = hashMix(h, load64(s, begin)<<(64-8*uint(n))^uint64(n)) // as hashName does, without a call
		} else {
			h = hashName(h, s, begin, n)
		}
		if size := fixedSize[t]; size >= 0 {
			at += int(size)
			continue
		}
		if t == tagString {
			n = int(s[at])
			at++
			if n == longText {
				n, at = int(load32(s, at)), at+lengthSize
			}
			at += n
			continue
		}
		rare := cursor{s: s, at: at}
		h = rare.hashNested(h, t)
		at = rare.at
	}
	return h
}

// hashNested steps over a value of variable size, and adds the names in it to h.
func (c *cursor) hashNested(h uint64, t tag) uint64 {
	switch t {
	case tagTime:
		c.zoned()
	case tagObject:
		h = hashMix(c.nested().namesHash(h), 1)
	case tagArray:
		h = hashMix(c.nested().elementsHash(h), 2)
	case tagJSON:
		if text := c.text(); text != "" && (text[0] == '{' || text[0] == '[') {
			h = hashName(h, text, 0, len(text))
		}
	default:
		c.text()
	}
	return h
}

// elementsHash is namesHash for what lies in an array, which has no names of its own.
func (c cursor) elementsHash(h uint64) uint64 {
	for c.more() {
		t := c.tag()
		if size := fixedSize[t]; size >= 0 {
			c.at += int(size)
			continue
		}
		h = c.hashNested(h^uint64(t), t)
	}
	return h
}

// hashName adds the n bytes of s from begin on.
func hashName(h uint64, s string, begin, n int) uint64 {
	for n > 8 {
		h = hashMix(h, load64(s, begin))
		begin += 8
		n -= 8
	}
	var last uint64
	if begin+8 <= len(s) {
		last = load64(s, begin) << (64 - 8*uint(n)) // what is behind the name is shifted out
	} else {
		for i := range n {
			last |= uint64(s[begin+i]) << (8 * (8 - n + i))
		}
	}
	return hashMix(h, last^uint64(n))
}

func hashMix(h, v uint64) uint64 {
	hi, lo := bits.Mul64(h^0x9e3779b97f4a7c15, v^0xd6e8feb86659fd93)
	return hi ^ lo ^ bits.RotateLeft64(h, 23)
}
