package mailcore_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/mailcore"
	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/coretest"
)

// configFor returns a Config whose core mails to s.
func configFor(s *server) mailcore.Config {
	return mailcore.Config{
		Addr: "localhost",
		From: "Orders <orders@example.com>",
		To:   []string{"ops@example.com", "Dev <dev@example.com>"},
		Dial: s.dial,
	}
}

// newCore returns a core that is closed at the end, and whose OnError fails the test unless cfg has another.
func newCore(t testing.TB, cfg mailcore.Config) *mailcore.Core {
	if cfg.OnError == nil {
		cfg.OnError = func(err error) { t.Errorf("OnError: %v", err) }
	}
	core, err := mailcore.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = core.Close() })
	return core
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func write(core zapcore.Core, message string) error {
	return core.Write(zapcore.Entry{Level: zapcore.ErrorLevel, Time: noon, Message: message}, nil)
}

// read returns the headers and the text of a message of one part.
func read(t testing.TB, data []byte) (*mail.Message, string) {
	m, err := mail.ReadMessage(bytes.NewReader(data))
	require.NoError(t, err)
	body := io.Reader(m.Body)
	if kind, params, _ := mime.ParseMediaType(m.Header.Get("Content-Type")); strings.HasPrefix(kind, "multipart/") {
		body, err = multipart.NewReader(m.Body, params["boundary"]).NextRawPart()
		require.NoError(t, err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(body))
	require.NoError(t, err)
	return m, string(text)
}

// attached returns what the attachment of a message holds; "" if it has none.
func attached(t testing.TB, data []byte) string {
	m, err := mail.ReadMessage(bytes.NewReader(data))
	require.NoError(t, err)
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	require.NoError(t, err)
	if params["boundary"] == "" {
		return ""
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	_, err = parts.NextRawPart()
	require.NoError(t, err)
	part, err := parts.NextPart()
	require.NoError(t, err)
	z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, part))
	require.NoError(t, err)
	text, err := io.ReadAll(z)
	require.NoError(t, err)
	return string(text)
}

// onlyMessage is an encoder that gives the message and nothing else, as Python's default format.
func onlyMessage() zapcore.Encoder {
	return zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "msg"})
}

func TestConforms(t *testing.T) {
	coretest.Run(t, coretest.Harness{
		Deadline: time.Second,
		New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
			cfg := configFor(serverTo(t, dst))
			cfg.Level, cfg.OnError, cfg.Timeout, cfg.RetryStart = opts.Level, opts.OnError, dst.Deadline, opts.RetryStart
			if cfg.Level == nil {
				cfg.Level = zapcore.DebugLevel
			}
			core, err := mailcore.New(cfg)
			require.NoError(t, err)
			return core
		},
		Skip: map[string]string{"allocations": "a mail is a dialogue, and net/smtp's allocates; BenchmarkMail has the figure"},
	})
}

func TestConformsWithAnInterval(t *testing.T) {
	coretest.Run(t, coretest.Harness{
		Deadline: time.Second,
		New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
			cfg := configFor(serverTo(t, dst))
			cfg.Level, cfg.OnError, cfg.Timeout, cfg.RetryStart = opts.Level, opts.OnError, dst.Deadline, opts.RetryStart
			cfg.Interval, cfg.InlineBytes = time.Hour, 1<<20
			if cfg.Level == nil {
				cfg.Level = zapcore.DebugLevel
			}
			core, err := mailcore.New(cfg)
			require.NoError(t, err)
			return core
		},
		Async: true,
		Skip: map[string]string{
			"allocations":                         "a mail is a dialogue, and net/smtp's allocates",
			"batch to a failing destination":      "the first mail of an interval is sent at once, and fails",
			"fatal arrives in spite of a backoff": "the record before it is held, and not refused",
		},
	})
}

// serverTo returns a server that passes what it takes to dst, and fails or stalls as dst does.
func serverTo(t *testing.T, dst *coretest.Destination) *server {
	file := dst.WriteSyncer()
	s := newServer(t, &server{})
	// The server asks for dst's mood when a mail begins, and hands over the mail when it ends.
	s.reply = func(line string) string {
		switch {
		case strings.HasPrefix(line, "MAIL"):
			if _, err := file.Write(nil); errors.Is(err, os.ErrDeadlineExceeded) {
				return stall
			} else if err != nil {
				return hangUp
			}
		}
		return ""
	}
	s.taken = func(m received) {
		_, text := read(t, m.data)
		_, _ = file.Write([]byte(text))
	}
	return s
}

func TestAMailIsWhatItIsToldToBe(t *testing.T) {
	s := newServer(t, &server{extensions: []string{"SIZE 1000000", "8BITMIME"}})
	cfg := configFor(s)
	cfg.Cc, cfg.Bcc = []string{"boss@example.com"}, []string{"audit@example.com"}
	cfg.Subject = "trouble: grün ✓"
	core := newCore(t, cfg)
	logger := zap.New(core).Named("orders").With(zap.String("host", "web-3"))
	logger.Warn("below the level")
	logger.Error("out of stock", zap.Int("item", 4711))

	mails := s.received()
	require.Len(t, mails, 1)
	m, text := read(t, mails[0].data)
	assert.Equal(t, "orders@example.com", mails[0].from)
	assert.Equal(t, []string{"ops@example.com", "dev@example.com", "boss@example.com", "audit@example.com"}, mails[0].to)
	assert.Regexp(t, `^SIZE=\d+$`, mails[0].parameters)
	assert.Equal(t, `"Orders" <orders@example.com>`, m.Header.Get("From"))
	assert.Equal(t, `ops@example.com, "Dev" <dev@example.com>`, m.Header.Get("To"))
	assert.Equal(t, "boss@example.com", m.Header.Get("Cc"))
	assert.NotContains(t, string(mails[0].data), "audit@", "Bcc is blind")
	assert.Equal(t, "auto-generated", m.Header.Get("Auto-Submitted"))
	date, err := m.Header.Date()
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), date, time.Minute)
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	require.NoError(t, err)
	assert.Equal(t, "trouble: grün ✓", subject)
	assert.Regexp(t, `ERROR\torders\tout of stock\t\{"host": "web-3", "item": 4711\}\r?\n$`, text)
	assert.Equal(t, mailcore.Stats{Accepted: 1, Delivered: 1}, core.Stats())
}

func TestOnlyBlindRecipients(t *testing.T) {
	s := newServer(t, &server{})
	cfg := configFor(s)
	cfg.To, cfg.Bcc = nil, []string{"audit@example.com"}
	require.NoError(t, write(newCore(t, cfg), "x"))
	mails := s.received()
	require.Len(t, mails, 1)
	assert.Equal(t, []string{"audit@example.com"}, mails[0].to)
	m, _ := read(t, mails[0].data)
	assert.Equal(t, "undisclosed-recipients:;", m.Header.Get("To"))
	assert.NotContains(t, string(mails[0].data), "audit@")
}

func TestSubjectFunc(t *testing.T) {
	s := newServer(t, &server{})
	cfg := configFor(s)
	var core *mailcore.Core
	cfg.SubjectFunc = func(ent zapcore.Entry) string {
		_ = core.Stats() // takes the core's lock: it must be free here
		return ent.Level.CapitalString() + ": " + ent.Message
	}
	core = newCore(t, cfg)
	require.NoError(t, write(core, "first\r\nBcc: eve@example.com"))
	n, err := core.WriteBatch(batchOf(t, "second", "third"))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	mails := s.received()
	require.Len(t, mails, 2)
	m, text := read(t, mails[0].data)
	assert.Equal(t, "ERROR: first  Bcc: eve@example.com", decoded(t, m.Header.Get("Subject")))
	assert.Empty(t, m.Header.Get("Bcc"))
	assert.Contains(t, text, "first")
	assert.NotContains(t, text, "ERROR: first", "the subject is not in the text")
	m, text = read(t, mails[1].data)
	assert.Equal(t, "ERROR: second (2 records)", m.Header.Get("Subject"))
	assert.Contains(t, text, "2 records (2 error), from 2026-11-22 12:00:00.000 +0000")
}

func decoded(t testing.TB, header string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(header)
	require.NoError(t, err)
	return text
}

// batchOf returns records of these messages.
func batchOf(t testing.TB, messages ...string) *base.Batch {
	var b base.Batch
	for _, message := range messages {
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Level: zapcore.ErrorLevel, Time: noon, Message: message}, base.Context{}, nil))
		b.Add(append([]byte(nil), r.Bytes()...))
	}
	return &b
}

func TestWrongConfigsNameTheField(t *testing.T) {
	tests := []struct {
		name, field string
		change      func(*mailcore.Config)
	}{
		{"no server", "Config.Addr", func(c *mailcore.Config) { c.Addr = "" }},
		{"a server without a name", "Config.Addr", func(c *mailcore.Config) { c.Addr = ":25" }},
		{"a port that is none", "Config.Addr", func(c *mailcore.Config) { c.Addr = "localhost:smtpx" }},
		{"an address with half its brackets", "Config.Addr", func(c *mailcore.Config) { c.Addr = "fe80::1%eth0]:25" }},
		{"a server with a line break", "Config.Addr", func(c *mailcore.Config) { c.Addr = "local\nhost" }},
		{"no sender", "Config.From", func(c *mailcore.Config) { c.From = "" }},
		{"two senders", "Config.From", func(c *mailcore.Config) { c.From = "a@example.com, b@example.com" }},
		{"a sender that is none", "Config.From", func(c *mailcore.Config) { c.From = "root@" }},
		{"no recipient", "Config.To", func(c *mailcore.Config) { c.To = nil }},
		{"a group of no recipients", "Config.To", func(c *mailcore.Config) { c.To = []string{"undisclosed-recipients:;"} }},
		{"a recipient with a header in it", "Config.Cc", func(c *mailcore.Config) { c.Cc = []string{"a@example.com\r\nX: y"} }},
		{"a blind recipient that is none", "Config.Bcc", func(c *mailcore.Config) { c.Bcc = []string{"@"} }},
		{"an address longer than a line may be", "Config.To", func(c *mailcore.Config) {
			c.To = []string{strings.Repeat("x", 1000) + "@example.com"}
		}},
		{"a password without a user", "Config.Credentials", func(c *mailcore.Config) { c.Credentials.Password = "x" }},
		{"an unknown TLS", "Config.TLS", func(c *mailcore.Config) { c.TLS = "ssl3" }},
		{"a local name with a space", "Config.LocalName", func(c *mailcore.Config) { c.LocalName = "a b" }},
		{"no timeout", "Config.Timeout", func(c *mailcore.Config) { c.Timeout = -1 }},
		{"negative held bytes", "Config.HeldBytes", func(c *mailcore.Config) { c.HeldBytes = -1 }},
		{"negative inline bytes", "Config.InlineBytes", func(c *mailcore.Config) { c.InlineBytes = -1 }},
		{"negative mail", "Config.MaxBytes", func(c *mailcore.Config) { c.MaxBytes = -1 }},
		{"kilobytes", "Config.MaxBytes of 100 has no room", func(c *mailcore.Config) { c.MaxBytes = 100 }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := mailcore.Config{Addr: "localhost", From: "a@example.com", To: []string{"b@example.com"}}
			test.change(&cfg)
			_, err := mailcore.New(cfg)
			require.Error(t, err)
			assert.Contains(t, err.Error(), "mailcore: "+test.field)
		})
	}
}

func TestWhereItDials(t *testing.T) {
	login := mailcore.Credentials{Username: "u", Password: "p"}
	tests := []struct {
		addr string
		tls  mailcore.TLS
		with mailcore.Credentials
		want string
	}{
		{"mail.example.com", mailcore.TLSAuto, mailcore.Credentials{}, "mail.example.com:25"},
		{"mail.example.com", mailcore.TLSAuto, login, "mail.example.com:25"},
		{"mail.example.com:587", mailcore.TLSAuto, login, "mail.example.com:587"},
		{"mail.example.com", mailcore.TLSImplicit, login, "mail.example.com:465"},
		{"::1", mailcore.TLSAuto, login, "[::1]:25"},
		{"[::1]", mailcore.TLSImplicit, login, "[::1]:465"},
		{"[::1]:2525", mailcore.TLSAuto, login, "[::1]:2525"},
		{"fe80::1%eth0", mailcore.TLSAuto, login, "[fe80::1%eth0]:25"},
		{"[fe80::1%eth0]", mailcore.TLSImplicit, login, "[fe80::1%eth0]:465"},
		{"[fe80::1%eth0]:2525", mailcore.TLSAuto, login, "[fe80::1%eth0]:2525"},
	}
	for _, test := range tests {
		var network, addr string
		core := newCore(t, mailcore.Config{
			Addr: test.addr, TLS: test.tls, Credentials: test.with, From: "a@example.com", To: []string{"b@example.com"},
			Dial: func(_ context.Context, n, a string) (net.Conn, error) {
				network, addr = n, a
				return nil, errors.New("enough")
			},
		})
		require.ErrorContains(t, write(core, "x"), "mailcore: enough")
		assert.Equal(t, "tcp "+test.want, network+" "+addr)
	}
}

func TestCredentialsPrintNoSecret(t *testing.T) {
	cfg := mailcore.Config{Credentials: mailcore.Credentials{Username: "u", Password: "hunter2"}}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, strings.ToLower(sprintf(format, cfg)), "hunter2")
	}
}

func TestManyGoroutinesShareOneConnection(t *testing.T) {
	s := newServer(t, &server{})
	cfg := configFor(s)
	cfg.MailsPerConnection = -1
	core := newCore(t, cfg)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				assert.NoError(t, write(core, "x"))
			}
		})
	}
	wg.Wait()
	assert.Len(t, s.received(), 160)
	assert.Equal(t, 1, s.connections())
	require.NoError(t, core.Close())
	assert.Equal(t, "QUIT", s.heard()[len(s.heard())-1], "Close says goodbye")
}
