package message

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Composer makes messages (RFC 5322, MIME) of digests. A message is ASCII in lines of CRLF, so every server takes it unchanged:
//
//	From: "Orders" <orders@example.com>       ─┐
//	To: ops@example.com                        │ made once
//	Auto-Submitted: auto-generated            ─┘
//	Subject: orders on web-3                  ── one header, encoded words
//	Date, Message-ID, MIME-Version, Content-Type, Content-Transfer-Encoding
//
//	text of the records                       ── quoted-printable
//
// If the text is longer than inline, the message has two parts: the beginning of the text, and the rest of it as records.log.gz.
type Composer struct {
	fixed  []byte // the headers that are the same in every mail
	id     string // makes a Message-ID unique among all programs
	domain string // behind the @ of a Message-ID
	inline int    // bytes of text in the body

	buf   []byte // the message; reused
	mails uint64 // makes a Message-ID unique in this program

	compressed bytes.Buffer
	gzip       *gzip.Writer
}

// base64Line is how many bytes make a base64 line of 76.
const base64Line = 57

// Identity is what a mail keeps over all its attempts, so that a receiver recognises duplicates.
type Identity struct {
	number uint64 // among the Composer's mails
	date   time.Time
}

// NewIdentity returns the Identity of a new mail.
func (c *Composer) NewIdentity(now time.Time) Identity {
	c.mails++
	return Identity{c.mails, now}
}

// Compose returns d as a message: the same bytes for the same d and id. The result is valid until the next call.
func (c *Composer) Compose(d *Digest, id Identity) []byte {
	b := append(c.buf[:0], c.fixed...)
	b = appendSubject(b, d.subjectLine())
	b = id.date.AppendFormat(append(b, "Date: "...), time.RFC1123Z)
	b = c.appendUnique(append(b, "\r\nMessage-ID: <"...), '.', id)
	b = append(append(append(b, '@'), c.domain...), ">\r\nMIME-Version: 1.0\r\n"...)
	if rest := c.rest(d.text); len(rest) == 0 {
		b = appendPlain(b, d, d.text)
	} else {
		b = c.appendParts(b, d, rest, id)
	}
	c.buf = b
	return b
}

// keepMessage is the largest message whose memory is kept for the next, in bytes.
const keepMessage = 256 << 10

// Release frees the memory of a large message.
func (c *Composer) Release() {
	if cap(c.buf)+c.compressed.Cap() > keepMessage {
		c.buf, c.compressed, c.gzip = nil, bytes.Buffer{}, nil
	}
}

func (c *Composer) appendUnique(b []byte, separator byte, id Identity) []byte {
	return strconv.AppendUint(append(append(b, c.id...), separator), id.number, 10)
}

// rest returns the part of text that goes into an attachment: everything behind the last line that is completely inline, or if there
// is none, from a rune on.
func (c *Composer) rest(text []byte) []byte {
	if len(text) <= c.inline {
		return nil
	}
	n := bytes.LastIndexByte(text[:c.inline], '\n') + 1
	if n == 0 {
		n = len(cutAtRune(text, c.inline))
		if n > 1 && text[n-1] == '\r' { // a line feed may follow
			n--
		}
	}
	return text[n:]
}

const plainPart = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"

func appendPlain(b []byte, d *Digest, text []byte) []byte {
	b = append(b, plainPart...)
	b = appendQuoted(b, d.preface())
	return appendQuoted(b, text)
}

// appendParts appends the two parts. Their boundary begins with "=_", which neither quoted-printable nor base64 can contain.
func (c *Composer) appendParts(b []byte, d *Digest, rest []byte, id Identity) []byte {
	boundary := func() { b = c.appendUnique(append(b, "=_"...), '_', id) }
	b = append(b, "Content-Type: multipart/mixed; boundary=\""...)
	boundary()
	b = append(b, "\"\r\n\r\n--"...)
	boundary()
	b = appendPlain(append(b, "\r\n"...), d, d.text[:len(d.text)-len(rest)])
	b = append(b, "\r\n(the rest is in the attachment: "...)
	b = strconv.AppendInt(b, int64(len(rest)), 10)
	b = append(b, " bytes)\r\n\r\n--"...)
	boundary()
	b = append(b, "\r\nContent-Type: application/gzip; name=\"records.log.gz\"\r\n"+
		"Content-Disposition: attachment; filename=\"records.log.gz\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"...)
	b = appendBase64(b, c.compress(rest))
	b = append(b, "--"...)
	boundary()
	return append(b, "--\r\n"...)
}

// compress returns text as a gzip file. The result is valid until the next call. Nothing can fail, because a bytes.Buffer takes
// everything.
func (c *Composer) compress(text []byte) []byte {
	c.compressed.Reset()
	if c.gzip == nil {
		c.gzip = gzip.NewWriter(&c.compressed)
	} else {
		c.gzip.Reset(&c.compressed)
	}
	_, _ = c.gzip.Write(text)
	_ = c.gzip.Close()
	return c.compressed.Bytes()
}

func appendBase64(b, data []byte) []byte {
	for len(data) > 0 {
		n := min(base64Line, len(data))
		b = append(base64.StdEncoding.AppendEncode(b, data[:n]), '\r', '\n')
		data = data[n:]
	}
	return b
}

// NewComposer returns a Composer. Its mails begin with the headers fixed, have domain in their Message-ID, and have the text beyond
// inline bytes attached.
func NewComposer(fixed []byte, domain string, inline int) Composer {
	return Composer{fixed: fixed, id: strings.ToLower(rand.Text()), domain: domain, inline: inline}
}
