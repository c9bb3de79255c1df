package messagetest

import "strings"

// Hostile are texts that want to be more than text.
var Hostile = []string{
	"", "plain", "two\nlines", "carriage\rreturn", "one at the end\r", "two\r\r\n", "both\r\nof them\r\n", "NUL \x00 and bell \a", "tab\t and space \nat the end ",
	"Subject: forged\r\nBcc: eve@example.com\r\n\r\nbody", "\r\n.\r\nMAIL FROM:<eve@example.com>\r\n", ".", "..\n.\n..x\n.",
	"From here\nFrom there\n>From quoted", "=3D =?utf-8?q?word?= =\n=", "ünïcödé ✓ 日本語 🎉", "invalid \xff\xfe UTF-8 \xc3",
	strings.Repeat("long ", 500), strings.Repeat("x", 5000), strings.Repeat("ü", 2000), "--=_boundary\r\n--=_boundary--",
	strings.Repeat("x", 75) + ".dot moved", strings.Repeat("x", 75) + "From moved", "\u2028\u0085", "\n\n\n", " ", "\t",
	strings.Repeat("x", 252) + "🎉", strings.Repeat("x", 251) + "🎉", strings.Repeat("ü", 127), strings.Repeat("✓ ", 64),
}

// Cleaned is what a subject may lose: control characters, the spaces at its ends, what is not UTF-8, its end.
func Cleaned(subject string) string {
	subject = strings.Trim(strings.Map(func(r rune) rune {
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(subject, "\uFFFD")), " ")
	return subject
}

// Logged is what has to arrive of a text, to the last carriage return; before a line feed it is a part of the line break.
func Logged(text string) string {
	text = string([]rune(text))
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return strings.ReplaceAll(text, "\r\n", "\n")
}
