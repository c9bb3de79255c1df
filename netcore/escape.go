package netcore

import "fmt"

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
