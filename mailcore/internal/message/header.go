package message

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	headerLine    = 76  // header lines are folded behind this, without CRLF, at a space (RFC 2047 section 2)
	maxHeaderLine = 998 // and must never be longer than this
	maxSubject    = 255 // bytes; a longer subject is cut
)

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// IsASCII reports whether s is all ASCII.
func IsASCII[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// CheckHeader returns an error if a line of header is longer than RFC 5322 allows.
func CheckHeader(header []byte) error {
	for line := range strings.SplitSeq(string(header), "\r\n") {
		if len(line) > maxHeaderLine {
			return fmt.Errorf("a header line of %d bytes, of at most %d: %.40q…", len(line), maxHeaderLine, line)
		}
	}
	return nil
}

// appendSubject appends the header of a subject. Whatever subject holds, it is one header: control characters become spaces, text
// that is not plain ASCII becomes encoded words (RFC 2047), and what exceeds 255 bytes is cut at a rune.
func appendSubject(dst, subject []byte) []byte {
	begin := len(dst)
	dst = append(dst, "Subject: "...)
	text := len(dst)
	dst = appendClean(dst, subject)
	if !isPlain(dst[text:]) {
		dst = encodeWords(dst, text)
	}
	return append(fold(dst, begin), '\r', '\n')
}

// appendClean appends text as one line of UTF-8 of at most maxSubject bytes, without spaces at its ends.
func appendClean(dst, text []byte) []byte {
	const ellipsis = "…"
	begin := len(dst)
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			r = ' '
		}
		if r == ' ' && len(dst) == begin {
			continue
		}
		room := maxSubject
		if len(text) > 0 {
			room -= len(ellipsis)
		}
		if len(dst)-begin+utf8.RuneLen(r) > room {
			return append(dst, ellipsis...)
		}
		dst = utf8.AppendRune(dst, r)
	}
	for len(dst) > begin && dst[len(dst)-1] == ' ' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// isPlain reports whether a cleaned text may stand in a header unencoded: it is ASCII, does not look like an encoded word, and has no
// two spaces in a row, between which folding would make an empty line.
func isPlain(text []byte) bool {
	for i, c := range text {
		if c >= utf8.RuneSelf || i > 0 && (c == ' ' && text[i-1] == ' ' || c == '?' && text[i-1] == '=') {
			return false
		}
	}
	return true
}

// firstWord is the longest first encoded word of a header, in bytes, so that with the header's name the line has at most headerLine.
const firstWord = 64

// encodeWords replaces dst[from:] by encoded words of whole runes. They have at most 75 bytes, the first at most firstWord.
func encodeWords(dst []byte, from int) []byte {
	const ( // bytes, before they are base64
		first = 39 // 52 in base64, 64 with what surrounds them
		room  = 45 // 60, and 72
	)
	var own [maxSubject]byte
	text := append(own[:0], dst[from:]...)
	dst = dst[:from]
	for len(text) > 0 {
		n := len(cutAtRune(text, first))
		if len(dst) > from {
			n = len(cutAtRune(text, room))
			dst = append(dst, ' ')
		}
		dst = append(dst, "=?utf-8?b?"...)
		dst = base64.StdEncoding.AppendEncode(dst, text[:n])
		dst = append(dst, "?="...)
		text = text[n:]
	}
	return dst
}

// cutAtRune returns the beginning of text: at most n bytes, and whole runes if text is UTF-8.
func cutAtRune(text []byte, n int) []byte {
	if len(text) <= n {
		return text
	}
	for back := n; back > n-utf8.UTFMax && back > 0; back-- {
		if utf8.RuneStart(text[back]) {
			return text[:back]
		}
	}
	return text[:n]
}

// fold breaks the header that begins at dst[begin] into lines, at spaces. A line without a space stays long.
func fold(dst []byte, begin int) []byte {
	line, space := begin, -1
	for i := begin; i < len(dst); i++ {
		if dst[i] == ' ' && dst[i-1] != ':' {
			if space > line && i-line > headerLine {
				dst, i, line = breakAt(dst, space), i+2, space+2
			}
			space = i
		}
	}
	if space > line && len(dst)-line > headerLine {
		dst = breakAt(dst, space)
	}
	return dst
}

// breakAt inserts CRLF before the space at dst[i].
func breakAt(dst []byte, i int) []byte {
	dst = append(dst, 0, 0)
	copy(dst[i+2:], dst[i:])
	dst[i], dst[i+1] = '\r', '\n'
	return dst
}
