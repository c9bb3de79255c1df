package session

import (
	"fmt"
	"net/textproto"
	"strconv"
	"strings"
)

// maxReplyText is how many bytes of a server's words an error shows.
const maxReplyText = 500

// blanks are what no line of a reply begins or ends with.
const blanks = " \t\r"

// readReply reads a server's reply: RFC 5321, section 4.2. want is a code, or the first digit of one; an error of the server's own words
// is returned for others, and with 0 for none. Unlike net/textproto it takes a code without any text, as section 4.2 demands, and
// of lines with different codes the last one, and leaves out blanks around the text, as Python does.
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
		case !ok: // some servers forget the code of a line in the middle
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

// replyError is a reply that is not what was wanted.
func replyError(code int, text string) error {
	if len(text) > maxReplyText {
		text = strings.ToValidUTF8(text[:maxReplyText], "") + "…"
	}
	return &textproto.Error{Code: code, Msg: text}
}

// parseReplyLine reads one line of a reply, and tells whether others follow, and whether it is one.
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
