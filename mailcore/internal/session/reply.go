package session

import (
	"fmt"
	"net/textproto"
	"strconv"
	"strings"
)

// maxReplyText limits a server's text in an error, in bytes.
const maxReplyText = 500

// blanks are trimmed from the lines of a reply.
const blanks = " \t\r"

// readReply reads a server's reply: RFC 5321, section 4.2. want is a code, or the first digit of one; any other code is returned as
// an error. A want of 0 accepts every code. Unlike net/textproto it accepts a code without text, as section 4.2 demands, and like
// Python it takes the last of different codes, and trims blanks around the text.
func readReply(r *textproto.Reader, want int) (code int, text string, err error) {
	var lines []string
	for more := true; more; {
		line, err := r.ReadLine()
		if err != nil {
			return 0, "", err
		}
		line = strings.TrimRight(line, blanks)
		n, words, continued, ok := parseReplyLine(line)
		switch {
		case !ok && len(lines) == 0:
			return 0, "", textproto.ProtocolError(fmt.Sprintf("no reply of SMTP: %.80q", line))
		case !ok: // some servers omit the code of a line in the middle
			lines = append(lines, line)
			continue
		}
		lines = append(lines, words)
		code, more = n, continued
	}
	text = strings.Join(lines, "\n")
	if want != 0 && code != want && code/100 != want {
		return code, text, replyError(code, text)
	}
	return code, text, nil
}

// replyError returns the error for an unexpected reply.
func replyError(code int, text string) error {
	if len(text) > maxReplyText {
		text = strings.ToValidUTF8(text[:maxReplyText], "") + "…"
	}
	return &textproto.Error{Code: code, Msg: text}
}

// parseReplyLine parses one line of a reply. continued reports whether more lines follow, ok whether the line is valid.
func parseReplyLine(line string) (code int, text string, continued, ok bool) {
	const digits = 3
	if len(line) < digits || len(line) > digits && line[digits] != ' ' && line[digits] != '-' {
		return 0, "", false, false
	}
	n, err := strconv.ParseUint(line[:digits], 10, 16)
	if err != nil || n < 100 {
		return 0, "", false, false
	}
	if len(line) > digits {
		text, continued = strings.TrimLeft(line[digits+1:], blanks), line[digits] == '-'
	}
	return int(n), text, continued, true
}
