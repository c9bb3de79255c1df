package tape

import "math/bits"

// NamesHash returns a hash of the names, tags, order and nesting of the nodes from c on. Reflected objects and arrays
// count with their whole text, since names may be in it. It costs about 2 ns a node.
func (c Cursor) NamesHash(h uint64) uint64 {
	s, at := c.s, c.at
	for at < len(s) {
		t := s[at]
		n := int(s[at+1])
		begin := at + 2
		if n == longText {
			n, begin = int(Load32(s, at+2)), at+textHeadSize+1
		}
		at = begin + n
		h ^= uint64(t)
		if n <= 8 && begin+8 <= len(s) {
			h = hashMix(h, Load64(s, begin)<<(64-8*uint(n))^uint64(n)) // as hashName does, without a call
		} else {
			h = hashName(h, s, begin, n)
		}
		if size := fixedSize[t]; size >= 0 {
			at += int(size)
			continue
		}
		if t == TagString {
			n = int(s[at])
			at++
			if n == longText {
				n, at = int(Load32(s, at)), at+lengthSize
			}
			at += n
			continue
		}
		rare := Cursor{s: s, at: at}
		h = rare.hashNested(h, t)
		at = rare.at
	}
	return h
}

// hashNested steps over a value of variable size, and adds the names in it to h.
func (c *Cursor) hashNested(h uint64, t Tag) uint64 {
	switch t {
	case TagTime:
		c.Zoned()
	case TagObject:
		h = hashMix(c.Nested().NamesHash(h), 1)
	case TagArray:
		h = hashMix(c.Nested().elementsHash(h), 2)
	case TagTypedError:
		c.TypedError()
	case TagJSON:
		if text := c.Text(); text != "" && (text[0] == '{' || text[0] == '[') {
			h = hashName(h, text, 0, len(text))
		}
	default:
		c.Text()
	}
	return h
}

// elementsHash is NamesHash for the elements of an array, which have no names.
func (c Cursor) elementsHash(h uint64) uint64 {
	for c.More() {
		t := c.Tag()
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
		h = hashMix(h, Load64(s, begin))
		begin += 8
		n -= 8
	}
	var last uint64
	if begin+8 <= len(s) {
		last = Load64(s, begin) << (64 - 8*uint(n)) // what is behind the name is shifted out
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
