package netcore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Framing says where one record ends and the next begins on a stream.
//
//	LengthPrefix    00 00 00 05 h e l l o 00 00 00 …     Python's SocketHandler; carries any bytes
//	Newline         h e l l o \n …                       one line a record
//	NUL             h e l l o \0 …                       Graylog, old syslog daemons
//	OctetCounting   5 SP h e l l o …                     RFC 6587 section 3.4.1; carries any bytes
//	Unframed        h e l l o                            datagrams, which end by themselves
//
// Where the end of a record is marked by a byte, that byte is escaped inside it, so nothing that is logged can forge a
// second record: a newline becomes \n, a NUL becomes \x00, both spelled out.
type Framing uint8

const (
	// DefaultFraming leaves the choice to the context: see Config.Framing and ServerConfig.Framing.
	DefaultFraming Framing = iota
	// LengthPrefix puts the length before each frame, as four bytes, big-endian.
	LengthPrefix
	// Newline puts a newline behind each frame.
	Newline
	// NUL puts a zero byte behind each frame.
	NUL
	// OctetCounting puts the length before each frame, in decimal, and a space: RFC 6587 section 3.4.1.
	OctetCounting
	// Unframed adds nothing. It is for datagrams only.
	Unframed

	framings
)

// String returns the framing's name as it is spelled here.
func (f Framing) String() string {
	names := [framings]string{"DefaultFraming", "LengthPrefix", "Newline", "NUL", "OctetCounting", "Unframed"}
	if f < framings {
		return names[f]
	}
	return fmt.Sprintf("Framing(%d)", uint8(f))
}

// What ends a frame, spelled out inside one.
const (
	escapedNewline = `\n`
	escapedNUL     = `\x00`
)

// prefixSize is the length of LengthPrefix's header, in bytes.
const prefixSize = 4

// Append appends payload as one whole frame to dst and returns the extended slice. It is safe for concurrent use.
func (f Framing) Append(dst, payload []byte) []byte {
	switch f {
	case LengthPrefix:
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(payload)))
		return append(dst, payload...)
	case Newline:
		return append(appendEscaped(dst, payload, '\n', escapedNewline), '\n')
	case NUL:
		return append(appendEscaped(dst, payload, 0, escapedNUL), 0)
	case OctetCounting:
		dst = append(strconv.AppendInt(dst, int64(len(payload)), 10), ' ')
		return append(dst, payload...)
	default:
		return append(dst, payload...)
	}
}

// binary tells whether payloads arrive as they were sent, whatever their bytes.
func (f Framing) binary() bool { return f != Newline && f != NUL }

func appendEscaped(dst, payload []byte, separator byte, escape string) []byte {
	for {
		i := bytes.IndexByte(payload, separator)
		if i < 0 {
			return append(dst, payload...)
		}
		dst = append(append(dst, payload[:i]...), escape...)
		payload = payload[i+1:]
	}
}

// maxDigits is the longest length that OctetCounting's reader accepts; it must also stay below 2 GiB.
const maxDigits = 10

// split finds the first frame in b, which begins where a frame begins.
//
//	size  where the frame lies: payload is b[from:to], and the next frame begins at next
//	whole whether all of it is in b. If not, next is where it will end, as far as that is known, else 0
//
// An error means that the stream can no longer be framed.
func (f Framing) split(b []byte) (from, to, next int, whole bool, err error) {
	switch f {
	case LengthPrefix:
		if len(b) < prefixSize {
			return 0, 0, 0, false, nil
		}
		end := prefixSize + int(min(binary.BigEndian.Uint32(b), math.MaxInt32-prefixSize))
		return prefixSize, end, end, len(b) >= end, nil
	case OctetCounting:
		return splitCounted(b)
	case Newline:
		return splitMarked(b, '\n')
	case NUL:
		return splitMarked(b, 0)
	default:
		return 0, len(b), len(b), true, nil
	}
}

func splitMarked(b []byte, separator byte) (from, to, next int, whole bool, err error) {
	i := bytes.IndexByte(b, separator)
	if i < 0 {
		return 0, 0, 0, false, nil
	}
	return 0, i, i + 1, true, nil
}

func splitCounted(b []byte) (from, to, next int, whole bool, err error) {
	n := 0
	for i, c := range b {
		switch {
		case c == ' ' && i > 0:
			end := i + 1 + n
			return i + 1, end, end, len(b) >= end, nil
		case c < '0' || c > '9' || i == maxDigits || n > math.MaxInt32/10-10:
			return 0, 0, 0, false, fmt.Errorf("a frame's length is not a number: %q", b[:i+1])
		}
		n = n*10 + int(c-'0')
	}
	return 0, 0, 0, false, nil
}

// proxySignature begins a header of the PROXY protocol's version 2.
const proxySignature = "\r\n\r\n\x00\r\nQUIT\n"

// proxyHeader returns how long the header of the PROXY protocol is that a stream begins with; 0 if it begins with none. More tells that it
// takes more bytes to tell.
//
//	PROXY TCP4 192.0.2.1 192.0.2.2 56324 9020 CR LF      version 1: a line of 107 bytes at most; also TCP6, UNKNOWN
//	signature, version, family, length, addresses        version 2: 12, 1, 1, 2 bytes and as many as the length says
func proxyHeader(b []byte) (n int, more bool) {
	for _, start := range []string{"PROXY TCP4 ", "PROXY TCP6 ", "PROXY UNKNOWN"} {
		switch end := bytes.IndexByte(b, '\n') + 1; {
		case len(b) < len(start) && strings.HasPrefix(start, string(b)):
			return 0, true
		case !bytes.HasPrefix(b, []byte(start)):
		case end == 0:
			return 0, len(b) < maxProxyLine
		case end <= maxProxyLine:
			return end, false
		}
	}
	const head = len(proxySignature) + 4
	switch {
	case len(b) < head && strings.HasPrefix(proxySignature, string(b[:min(len(b), len(proxySignature))])):
		return 0, true
	case len(b) >= head && bytes.HasPrefix(b, []byte(proxySignature)):
		return head + int(binary.BigEndian.Uint16(b[head-2:])), false
	}
	return 0, false
}

const maxProxyLine = 107

// tlsHello is how a stream with TLS begins, and no text does.
var (
	tlsHello = []byte("\x16\x03")
	errTLS   = errors.New("the stream begins as TLS does, and ServerConfig.TLS is not set")
)

// noFrame returns what a stream begins with that is of another protocol, where that would be the length of a frame; nil if nothing is
// known of it. Its bytes would be skipped, a gigabyte of them.
func noFrame(f Framing, b []byte) error {
	if f != LengthPrefix || len(b) < prefixSize {
		return nil
	}
	if bytes.HasPrefix(b, tlsHello) {
		return errTLS
	}
	word := b[:min(len(b), 16)]
	if i := bytes.IndexFunc(word, func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 {
		word = word[:i]
	}
	if len(word) < prefixSize {
		return nil
	}
	return fmt.Errorf("the stream begins with %q, and has to begin with the length of a frame, in four bytes", word)
}

// hasControls tells whether text has a control character in it: one of C0 or C1, or DEL.
func hasControls(text []byte) bool {
	for i, c := range text {
		if c < ' ' || c == 0x7f || isC1(text, i) {
			return true
		}
	}
	return false
}

// isC1 tells whether one of U+0080 to U+009F begins at i.
func isC1(text []byte, i int) bool {
	return text[i] == 0xc2 && i+1 < len(text) && text[i+1]&^0x1f == 0x80
}

// appendVisible appends text with its control characters spelled out.
func appendVisible(dst, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < ' ' || c == 0x7f:
			dst = fmt.Appendf(dst, `\x%02x`, c)
		case isC1(text, i):
			i++
			dst = fmt.Appendf(dst, `\u%04x`, text[i])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
