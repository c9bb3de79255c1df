package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"example.com/zaphandlers/mailcore"
	base "example.com/zaphandlers/zapcore"
	"github.com/emersion/go-smtp"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
)

// mailbox is mail under a flood: the first record is a mail at once, and all others are one digest at the end of the run, most of it as
// an attachment. The server is the program's own, or that of -smtp.
//
// The bytes sent over the connection are read back, so the server's mailboxes need not be readable here.
type mailbox struct {
	addr string // of the server; "" for one of its own
	to   string

	own  *smtp.Server
	core *mailcore.Core
	sent string // a file: all that was sent on all connections
}

func (d *mailbox) open(dir string) (zapcore.Core, error) {
	if d.addr == "" {
		if err := d.serve(); err != nil {
			return nil, err
		}
	}
	d.sent = filepath.Join(dir, "sent.smtp")
	const unlimited = 1 << 40
	var err error
	d.core, err = mailcore.New(mailcore.Config{
		Level:     zapcore.DebugLevel,
		Encoder:   newEncoder(),
		Addr:      d.addr,
		From:      "service@localhost",
		To:        []string{d.to},
		Subject:   "the service's log",
		Dial:      d.dial,
		Timeout:   time.Minute,
		Interval:  24 * time.Hour,
		HeldBytes: unlimited, // everything is read back
		MaxBytes:  unlimited,
	})
	if err != nil {
		return nil, multierr.Append(err, d.close())
	}
	return d.core, nil
}

// serve starts a server that takes every mail.
func (d *mailbox) serve() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	d.addr = l.Addr().String()
	d.own = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return session{}, nil }))
	go func() { _ = d.own.Serve(l) }() // until close
	return nil
}

// session reads each mail to its end, which is when it has arrived.
type session struct{}

func (session) Reset()                               {}
func (session) Logout() error                        { return nil }
func (session) Mail(string, *smtp.MailOptions) error { return nil }
func (session) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (session) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// dial connects to the server and keeps what is sent.
func (d *mailbox) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(d.sent, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, multierr.Append(err, conn.Close())
	}
	return copied{conn, file}, nil
}

// copied is a connection whose sent bytes are in a file too.
type copied struct {
	net.Conn
	file *os.File
}

func (c copied) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	_, copying := c.file.Write(p[:n])
	return n, multierr.Append(err, copying)
}

func (c copied) Close() error { return multierr.Append(c.Conn.Close(), c.file.Close()) }

func (d *mailbox) close() error {
	var err error
	if d.core != nil {
		err = d.core.Close()
	}
	if d.own != nil {
		err = multierr.Append(err, d.own.Close())
	}
	return err
}

func (d *mailbox) stats() base.Stats { return d.core.Stats() }

// readBack reads every mail, and checks that each holds as many records as it says.
func (d *mailbox) readBack(t *tally) error {
	file, err := os.Open(d.sent)
	if errors.Is(err, os.ErrNotExist) {
		return nil // nothing was logged
	} else if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	t.files, t.bytes = t.files+1, t.bytes+info.Size()
	dialogue := textproto.NewReader(bufio.NewReader(file))
	for n := 1; ; n++ {
		if err := nextMail(dialogue); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := readMail(dialogue.DotReader(), fmt.Sprintf("mail %d", n), t); err != nil {
			return fmt.Errorf("mail %d: %w", n, err)
		}
	}
}

// nextMail reads commands up to DATA.
func nextMail(dialogue *textproto.Reader) error {
	for {
		line, err := dialogue.ReadLine()
		if err != nil || line == "DATA" {
			return err
		}
	}
}

var digestSubject = regexp.MustCompile(` \((\d+) records\)$`)

// readMail counts the records of one mail, in its text and in what is attached.
func readMail(r io.Reader, where string, t *tally) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	want, before := uint64(1), t.found
	if digest := digestSubject.FindStringSubmatch(m.Header.Get("Subject")); digest != nil {
		if want, err = strconv.ParseUint(digest[1], 10, 64); err != nil {
			return err
		}
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	if !strings.HasPrefix(kind, "multipart/") {
		err = readRecords(quotedprintable.NewReader(m.Body), where, t)
	} else {
		err = readParts(multipart.NewReader(m.Body, params["boundary"]), where, t)
	}
	if err == nil && t.found-before != want {
		err = fmt.Errorf("%s found, and it says %s", plural(t.found-before, "record"), thousands(want))
	}
	return err
}

// restMarker marks where the text of a mail goes on in the attachment.
const restMarker = "\n(the rest is in the attachment: "

// readParts reads the text and the attachment as one, because a long record begins in the text and ends in the attachment.
func readParts(parts *multipart.Reader, where string, t *tally) error {
	part, err := parts.NextPart() // decodes quoted-printable
	if err != nil {
		return err
	}
	text, err := io.ReadAll(part)
	if err != nil {
		return err
	}
	if end := bytes.LastIndex(text, []byte(restMarker)); end >= 0 {
		text = bytes.TrimSuffix(text[:end], []byte("\r"))
	}
	attached, err := parts.NextPart()
	if err != nil {
		return err
	}
	rest, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, attached))
	if err != nil {
		return err
	}
	return readRecords(io.MultiReader(bytes.NewReader(text), rest), where, t)
}

// readRecords counts the lines that are records.
func readRecords(r io.Reader, where string, t *tally) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxRecord)
	for n := 1; lines.Scan(); n++ {
		if bytes.HasPrefix(lines.Bytes(), []byte("{")) {
			t.addJSON(lines.Bytes(), fmt.Sprintf("%s line %d", where, n))
		}
	}
	return lines.Err()
}
