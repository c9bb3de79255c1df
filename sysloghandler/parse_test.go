package sysloghandler

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// message is an RFC 5424 message as a strict reader understands it.
type message struct {
	pri                            int
	time, host, app, procID, msgID string
	elements                       []element
	text                           string
	hasText                        bool
}

type element struct {
	id     string
	params []param
}

type param struct{ name, value string }

// param returns the values of a parameter.
func (m *message) param(id, name string) (values []string) {
	for _, e := range m.elements {
		for _, p := range e.params {
			if e.id == id && p.name == name {
				values = append(values, p.value)
			}
		}
	}
	return values
}

var header = regexp.MustCompile(`^<(0|[1-9][0-9]{0,2})>1 (\S+) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) `)

// parse reads a message by the grammar of RFC 5424 section 6, and nothing more generous.
func parse(s string) (*message, error) {
	h := header.FindStringSubmatch(s)
	if h == nil {
		return nil, fmt.Errorf("no header: %.80q", s)
	}
	m := &message{time: h[2], host: h[3], app: h[4], procID: h[5], msgID: h[6]}
	_, _ = fmt.Sscan(h[1], &m.pri)
	if m.pri > 191 {
		return nil, fmt.Errorf("PRI %d", m.pri)
	}
	if _, err := time.Parse("2006-01-02T15:04:05.000000Z07:00", m.time); m.time != "-" && err != nil {
		return nil, err
	}
	rest, err := m.parseElements(s[len(h[0]):])
	if err != nil {
		return nil, err
	}
	if rest == "" {
		return m, nil
	}
	if rest[0] != ' ' {
		return nil, fmt.Errorf("no space before the message: %.80q", rest)
	}
	m.text, m.hasText = rest[1:], true
	return m, nil
}

func (m *message) parseElements(s string) (rest string, err error) {
	if strings.HasPrefix(s, "-") {
		return s[1:], nil
	}
	if !strings.HasPrefix(s, "[") {
		return "", fmt.Errorf("no structured data: %.80q", s)
	}
	for strings.HasPrefix(s, "[") {
		var e element
		if e, s, err = parseElement(s[1:]); err != nil {
			return "", err
		}
		m.elements = append(m.elements, e)
	}
	return s, nil
}

func parseElement(s string) (e element, rest string, err error) {
	if e.id, s, err = parseName(s, " ]"); err != nil {
		return e, "", err
	}
	for strings.HasPrefix(s, " ") {
		var p param
		if p.name, s, err = parseName(s[1:], "="); err != nil {
			return e, "", err
		}
		if !strings.HasPrefix(s, `="`) {
			return e, "", fmt.Errorf("no value: %.80q", s)
		}
		if p.value, s, err = parseValue(s[2:]); err != nil {
			return e, "", err
		}
		e.params = append(e.params, p)
	}
	if !strings.HasPrefix(s, "]") {
		return e, "", fmt.Errorf("the element does not end: %.80q", s)
	}
	return e, s[1:], nil
}

func parseName(s, ends string) (name, rest string, err error) {
	i := strings.IndexAny(s, ends)
	if i < 0 || !isName(s[:i]) {
		return "", "", fmt.Errorf("no name: %.80q", s)
	}
	return s[:i], s[i:], nil
}

// parseValue accepts a backslash only where it is needed: the RFC tolerates others, and some parsers do not.
func parseValue(s string) (value, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			if !utf8.ValidString(b.String()) {
				return "", "", fmt.Errorf("not UTF-8: %q", b.String())
			}
			return b.String(), s[i+1:], nil
		case ']':
			return "", "", fmt.Errorf("a bare ]: %.80q", s)
		case '\\':
			if i++; i == len(s) || !strings.Contains(`"\]`, s[i:i+1]) {
				return "", "", fmt.Errorf("a bare backslash: %.80q", s)
			}
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", fmt.Errorf("the value does not end: %.80q", s)
}
