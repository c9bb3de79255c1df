package session

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"net/textproto"
	"strings"
)

// client is the dialogue with a server over one connection. Unlike net/smtp's client it takes the keywords of EHLO in any case, as
// RFC 5321, section 2.4, demands, and, like Python, the form of AUTH from before the RFC (AUTH=LOGIN).
type client struct {
	text      *textproto.Conn
	conn      net.Conn
	encrypted bool
	offers    map[string]string // EHLO's keywords in capitals, and what follows each
}

// newClient reads the server's greeting.
func newClient(conn net.Conn, encrypted bool) (*client, error) {
	c := &client{text: textproto.NewConn(conn), conn: conn, encrypted: encrypted}
	_, _, err := readReply(&c.text.Reader, 220)
	return c, err
}

// send sends one command. It fails if the server has sent an unsolicited reply, such as one that was repeated: this would be taken
// for the answer to the command, and each answer for that to the next command. A 421, which ends the connection, is always
// unsolicited.
func (c *client) send(format string, args ...any) error {
	unsolicited, _ := c.text.R.Peek(c.text.R.Buffered())
	if len(unsolicited) > 0 && !bytes.HasPrefix(unsolicited, []byte("421")) {
		return textproto.ProtocolError(fmt.Sprintf("the server has said what it was not asked: %.80q", unsolicited))
	}
	return c.text.PrintfLine(format, args...)
}

// exchange sends one command and reads the reply.
func (c *client) exchange(want int, format string, args ...any) (text string, err error) {
	if err := c.send(format, args...); err != nil {
		return "", err
	}
	_, text, err = readReply(&c.text.Reader, want)
	return text, err
}

// hello sends EHLO, or HELO to an old server. A server that is about to hang up (421) is not asked twice: its reply would be lost.
func (c *client) hello(name string) error {
	err := c.extended(name)
	if code := replyCode(err); code == 0 || code == 421 {
		return err
	}
	_, err = c.exchange(250, "HELO %s", name)
	return err
}

func (c *client) extended(name string) error {
	text, err := c.exchange(250, "EHLO %s", name)
	if err != nil {
		return err
	}
	c.offers = make(map[string]string)
	_, lines, _ := strings.Cut(text, "\n") // the first is the server's name
	for line := range strings.SplitSeq(lines, "\n") {
		keyword, rest, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
		keyword = strings.ToUpper(keyword)
		if first, old := strings.CutPrefix(keyword, "AUTH="); old {
			keyword, rest = "AUTH", c.offers["AUTH"]+" "+first+" "+rest
		} else if keyword == "AUTH" {
			rest = c.offers["AUTH"] + " " + rest
		}
		c.offers[keyword] = rest
	}
	return nil
}

// startTLS encrypts the connection. It discards everything that the server sent in the clear.
func (c *client) startTLS(cfg *tls.Config, name string) error {
	if _, err := c.exchange(220, "STARTTLS"); err != nil {
		return err
	}
	c.conn, c.encrypted = tls.Client(c.conn, cfg), true
	c.text, c.offers = textproto.NewConn(c.conn), nil
	return c.extended(name)
}

// offer returns what follows a keyword of EHLO, and whether the keyword was there.
func (c *client) offer(keyword string) (rest string, ok bool) {
	rest, ok = c.offers[keyword]
	return rest, ok
}
