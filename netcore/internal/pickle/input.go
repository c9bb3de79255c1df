package pickle

import (
	"bytes"
	"encoding/binary"
	"unsafe"
)

// input reads a frame. Its results alias the frame.
type input struct {
	b  []byte
	at int
}

func (in *input) bytes(n uint64) ([]byte, error) {
	if n > uint64(len(in.b)-in.at) {
		return nil, errEnds
	}
	b := in.b[in.at : in.at+int(n) : in.at+int(n)]
	in.at += int(n)
	return b, nil
}

func (in *input) byte() (byte, error) {
	if in.at == len(in.b) {
		return 0, errEnds
	}
	in.at++
	return in.b[in.at-1], nil
}

// uint reads an unsigned little-endian number of size bytes: 1, 2, 4 or 8.
func (in *input) uint(size uint64) (uint64, error) {
	if rest := in.b[in.at:]; len(rest) >= 8 { // almost always: one load, and a shift removes what follows
		in.at += int(size)
		return binary.LittleEndian.Uint64(rest) << (64 - 8*size) >> (64 - 8*size), nil
	}
	b, err := in.bytes(size)
	if err != nil {
		return 0, err
	}
	switch size {
	case 1:
		return uint64(b[0]), nil
	case 2:
		return uint64(binary.LittleEndian.Uint16(b)), nil
	case 4:
		return uint64(binary.LittleEndian.Uint32(b)), nil
	}
	return binary.LittleEndian.Uint64(b), nil
}

// line reads up to a newline.
func (in *input) line() (string, error) {
	n := bytes.IndexByte(in.b[in.at:], '\n')
	if n < 0 {
		return "", errEnds
	}
	s := alias(in.b[in.at : in.at+n])
	in.at += n + 1
	return s, nil
}

func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// sized reads a length of size bytes, and then as many bytes.
func (in *input) sized(size uint64) ([]byte, error) {
	n, err := in.uint(size)
	if err != nil {
		return nil, err
	}
	return in.bytes(n)
}
