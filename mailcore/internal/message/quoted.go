package message

import "unicode/utf8"

// quotedLine is the longest line of quoted-printable text, without CRLF (RFC 2045 section 6.7 rule 5).
const quotedLine = 76

const upperHex = "0123456789ABCDEF"

// appendQuoted appends text as quoted-printable (RFC 2045 section 6.7): 7-bit lines of at most 76 bytes, whatever text holds. A line
// feed, with or without a carriage return before it, is a line break. Every other control character is written as its code, so that
// it has no meaning on the way and is restored by decoding. Invalid UTF-8 becomes U+FFFD.
//
// A dot at the beginning of a line is encoded, because servers double it, and so is the F of "From ", because mailboxes mark it.
func appendQuoted(dst, text []byte) []byte {
	column := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\n':
			dst, column = append(dst, '\r', '\n'), 0
		case c == '\r' && i+1 < len(text) && text[i+1] == '\n': // the line feed breaks the line
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(text[i:])
			i += size - 1
			var encoded [utf8.UTFMax]byte
			n := utf8.EncodeRune(encoded[:], r)
			dst, column = quotedBreak(dst, column, 3*n)
			for _, b := range encoded[:n] {
				dst, column = append(dst, '=', upperHex[b>>4], upperHex[b&15]), column+3
			}
		case isLiteral(text, i, column):
			dst, column = quotedBreak(dst, column, 1)
			dst, column = append(dst, c), column+1
		default:
			dst, column = quotedBreak(dst, column, 3)
			dst, column = append(dst, '=', upperHex[c>>4], upperHex[c&15]), column+3
		}
	}
	return dst
}

// quotedBreak makes room for n more bytes in the line, and for the mark of a soft line break behind them.
func quotedBreak(dst []byte, column, n int) ([]byte, int) {
	if column+n < quotedLine {
		return dst, column
	}
	return append(dst, '=', '\r', '\n'), 0
}

// isLiteral reports whether the ASCII byte text[i] may stand unencoded in that column.
func isLiteral(text []byte, i, column int) bool {
	c := text[i]
	begins := column == 0 || column == quotedLine-1 // in the latter case it moves to the next line
	switch {
	case c == ' ' || c == '\t':
		rest := text[i+1:] // at the end of a line, servers may strip it
		return len(rest) > 0 && rest[0] != '\n' && !(len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n')
	case c == '.':
		return !begins
	case c == 'F':
		return !begins || len(text) < i+5 || string(text[i:i+5]) != "From "
	}
	return ' ' < c && c < 0x7f && c != '='
}
