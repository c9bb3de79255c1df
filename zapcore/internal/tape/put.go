package tape

import (
	"encoding/binary"
	"unsafe"
)

// putNode writes a tag, a key and a text to b at n, and returns where they end. There must be room for them and nodeBound bytes more.
// (putFields does the same for strings inline, which is faster than a call.)
func putNode(b []byte, n int, t Tag, key, text string) (end int) {
	k, v := len(key), len(text)
	if k < 4 || k > 16 || v < 8 || n+k+v+nodeBound > len(b) {
		b[n] = t
		return putShort(b, putShort(b, n+1, key), text)
	}
	to, from := unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), n), unsafe.Pointer(unsafe.StringData(key))
	*(*[2]byte)(to) = [2]byte{t, byte(k)}
	if k < 8 {
		copy4(unsafe.Add(to, 2), from)
		copy4(unsafe.Add(to, 2+k-4), unsafe.Add(from, k-4))
	} else {
		copy8(unsafe.Add(to, 2), from)
		copy8(unsafe.Add(to, 2+k-8), unsafe.Add(from, k-8))
	}
	n += 2 + k
	if v > 32 {
		return putText(b, n, text)
	}
	to = unsafe.Add(to, 2+k)
	*(*byte)(to) = byte(v)
	copyShort(unsafe.Add(to, 1), unsafe.Pointer(unsafe.StringData(text)), v)
	return n + 1 + v
}

// putStrings writes a list of strings to b at n, where there is room for stringsBound, and returns where it ends.
func putStrings(b []byte, n int, key string, list []string) (end int) {
	b[n] = TagArray
	at := putShort(b, n+1, key)
	n = at + lengthSize
	for _, s := range list {
		if k := len(s); k >= 8 && k <= 32 && n+2+k <= len(b) {
			to := unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), n)
			*(*[2]byte)(to) = [2]byte{TagString, byte(k)}
			copyShort(unsafe.Add(to, 2), unsafe.Pointer(unsafe.StringData(s)), k)
			n += 2 + k
			continue
		}
		b[n] = TagString
		n = putShort(b, n+1, s)
	}
	binary.LittleEndian.PutUint32(b[at:], uint32(n-at-lengthSize))
	return n
}

// stringsBound returns an upper bound of the size of a list of strings.
func stringsBound(key string, list []string) int {
	n := len(key) + nodeBound
	for _, s := range list {
		n += 1 + textHeadSize + len(s)
	}
	return n
}

// putShort is putText for texts that are mostly short: it copies them without a call.
func putShort(b []byte, n int, s string) (end int) {
	k := len(s)
	if k < 4 || k > 32 {
		return putText(b, n, s)
	}
	text := b[n : n+1+k]
	text[0] = byte(k)
	to, from := unsafe.Pointer(&text[1]), unsafe.Pointer(unsafe.StringData(s))
	if k < 8 {
		copy4(to, from)
		copy4(unsafe.Add(to, k-4), unsafe.Add(from, k-4))
	} else {
		copyShort(to, from, k)
	}
	return n + len(text)
}

// copyShort copies 8 to 32 bytes.
func copyShort(to, from unsafe.Pointer, n int) {
	copy8(to, from)
	if n > 16 {
		copy8(unsafe.Add(to, 8), unsafe.Add(from, 8))
		copy8(unsafe.Add(to, n-16), unsafe.Add(from, n-16))
	}
	copy8(unsafe.Add(to, n-8), unsafe.Add(from, n-8))
}

// copy4 and copy8 copy 4 and 8 bytes, by one load and one store.
func copy4(to, from unsafe.Pointer) { *(*[4]byte)(to) = *(*[4]byte)(from) }
func copy8(to, from unsafe.Pointer) { *(*[8]byte)(to) = *(*[8]byte)(from) }

// putText writes a length and the bytes of s to b at n, where there is room, and returns where they end.
func putText(b []byte, n int, s string) int {
	if len(s) < longText {
		b[n] = byte(len(s))
		n++
	} else {
		b[n] = longText
		binary.LittleEndian.PutUint32(b[n+1:], uint32(len(s)))
		n += textHeadSize
	}
	return n + copy(b[n:], s)
}

// Load64 returns the eight bytes of s at i; the compiler makes one load of them.
func Load64(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// Load32 returns the four bytes of s at i, by one load too.
func Load32(s string, i int) uint32 {
	s = s[i : i+4]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}
