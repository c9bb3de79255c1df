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

// Framing says how records are separated on a stream.
//
//	LengthPrefix    00 00 00 05 h e l l o 00 00 00 …     Python's SocketHandler; carries any bytes
//	Newline         h e l l o \n …                       one line per record
//	NUL             h e l l o \0 …                       Graylog, old syslog daemons
//	OctetCounting   5 SP h e l l o …                     RFC 6587 section 3.4.1; carries any bytes
//	Unframed        h e l l o                            datagrams, which end by themselves
//
// A separator byte inside a record is escaped, so nothing that is logged can forge a second record: a newline is written as the two
// characters \n, a NUL as the four characters \x00.
type Framing uint8

const (
	// DefaultFraming is the default that Config.Framing and ServerConfig.Framing describe.
	DefaultFraming Framing = iota
	// LengthPrefix puts the length before each frame, as four bytes, big-endian.
	LengthPrefix
	// Newline ends each frame with a newline.
	Newline
	// NUL ends each frame with a zero byte.
	NUL
	// OctetCounting puts the length before each frame, in decimal and followed by a space: RFC 6587 section 3.4.1.
	OctetCounting
	// Unframed adds nothing. It is only for datagrams.
	Unframed

	framings
)

// String returns the name of the constant.
func (f Framing) String() string {
	names := [framings]string{"DefaultFraming", "LengthPrefix", "Newline", "NUL", "OctetCounting", "Unframed"}
	if f < framings {
		return names[f]
	}
	return fmt.Sprintf("Framing(%d)", uint8(f))
}

// The separators as they are escaped inside a frame.
const (
	escapedNewline = `\n`
	escapedNUL     = `\x00`
)

// prefixSize is the size of LengthPrefix's header, in bytes.
const prefixSize = 4

// Append appends payload to dst as one whole frame and returns the extended slice. It is safe for concurrent use.
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

// binary reports whether f carries every payload unchanged, whatever its bytes.
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

// maxDigits is how many digits of a length OctetCounting's reader accepts. The length must also be below 2 GiB.
const maxDigits = 10

// split finds the first frame in b, which starts at the beginning of a frame.
//
//	from, to  the payload is b[from:to]
//	next      where the next frame begins. If the frame is not whole: where it will end, or 0 if that is not known yet
//	whole     whether all of the frame is in b
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

// proxySignature starts a version 2 header of the PROXY protocol.
const proxySignature = "\r\n\r\n\x00\r\nQUIT\n"

// proxyHeader returns the length of the PROXY protocol header at the beginning of a stream; 0 if there is none. more means that b is
// too short to tell.
//
//	PROXY TCP4 192.0.2.1 192.0.2.2 56324 9020 CR LF      version 1: a line of at most 107 bytes; also TCP6, UNKNOWN
//	signature, version, family, length, addresses        version 2: 12, 1, 1, 2 bytes, and as many as the length says
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

var (
	// tlsHello starts a TLS stream, and no text.
	tlsHello = []byte("\x16\x03")
	errTLS   = errors.New("the stream begins as TLS does, and ServerConfig.TLS is not set")
)

// otherProtocol returns an error if the length at the beginning of a stream is really text or TLS: the first bytes of another protocol.
// Taken for a length, they would have a gigabyte skipped.
func otherProtocol(f Framing, b []byte) error {
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

// hasControls reports whether text contains a control character: C0, C1 or DEL.
func hasControls(text []byte) bool {
	for i, c := range text {
		if c < ' ' || c == 0x7f || isC1(text, i) {
			return true
		}
	}
	return false
}

// isC1 reports whether one of U+0080 to U+009F begins at i.
func isC1(text []byte, i int) bool {
	return text[i] == 0xc2 && i+1 < len(text) && text[i+1]&^0x1f == 0x80
}

// appendVisible appends text with its control characters escaped.
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
