package mail

import (
	"bytes"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	gomail "github.com/wneessen/go-mail"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/mailcore"
	base "example.com/zaphandlers/zapcore"
)

func TestSuite(t *testing.T) { Suite.Smoke(t) }

func BenchmarkSuite(b *testing.B) { Suite.Benchmark(b) }

// start starts s for a test.
func start(t testing.TB, s *server, secure bool) *server {
	stop, err := s.start(secure)
	require.NoError(t, err)
	t.Cleanup(stop)
	return s
}

func newCore(t testing.TB, cfg mailcore.Config) *mailcore.Core {
	core, err := mailcore.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = core.Close() })
	return core
}

func write(core zapcore.Core, message string) error {
	return core.Write(zapcore.Entry{Level: zapcore.ErrorLevel, Time: time.Now(), Message: message}, nil)
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name   string
		server *server
		plain  bool // the server has no TLS
		change func(*mailcore.Config)
		err    string // "" if somebody gets the mail
		told   string // what OnError hears
	}{
		{"one recipient of two is refused", &server{refuse: []string{"dev@example.com"}}, false, nil, "",
			`mailcore: refused: dev@example.com: 550 "5.1.1 no such user"`},
		{"all recipients are refused", &server{refuse: []string{"ops@example.com", "dev@example.com"}}, false, nil,
			`mailcore: refused: ops@example.com, dev@example.com: 550 "5.1.1 no such user"`, ""},
		{"421 to the sender", &server{closing: "MAIL"}, false, nil, `mailcore: mail from orders@example.com: 421 "4.3.2 shutting down"`, ""},
		{"421 to a recipient", &server{closing: "RCPT"}, false, nil, `mailcore: rcpt to ops@example.com: 421 "4.3.2 shutting down"`, ""},
		{"421 after the content", &server{closing: "DATA"}, false, nil, `mailcore: data: 421 "4.3.2 shutting down"`, ""},
		{"a stall at the sender", &server{stalls: "MAIL"}, false, short, "mailcore: mail from orders@example.com: read tcp", ""},
		{"a stall after the content", &server{stalls: "DATA"}, false, short, "mailcore: data: read tcp", ""},
		{"no TLS", &server{}, true, func(cfg *mailcore.Config) {
			cfg.Credentials = mailcore.Credentials{Username: username, Password: password}
		}, "mailcore: starttls: not offered by 127.0.0.1:", ""},
		{"the wrong authority", &server{}, false, func(cfg *mailcore.Config) { cfg.TLSConfig = nil },
			"mailcore: starttls: tls: failed to verify certificate: x509: certificate signed by unknown authority", ""},
		{"the wrong password", &server{}, false, func(cfg *mailcore.Config) { cfg.Credentials.Password = "guess" },
			`mailcore: auth PLAIN: 535 "5.7.8 Authentication failed"`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, test.server, !test.plain)
			cfg := configFor(s)
			var told []string
			cfg.OnError = func(err error) { told = append(told, err.Error()) }
			if test.change != nil {
				test.change(&cfg)
			}
			core := newCore(t, cfg)
			begin := time.Now()
			err := write(core, "x")
			assert.Less(t, time.Since(begin), 4*time.Second, "whatever happens, it ends")
			if test.err == "" {
				require.NoError(t, err)
				require.Len(t, s.taken(), 1)
				assert.Equal(t, []string{test.told}, told)
				return
			}
			require.ErrorContains(t, err, test.err)
			assert.Empty(t, s.taken())
			assert.Equal(t, base.Stats{Refused: 1}, core.Stats())
		})
	}
}

func short(cfg *mailcore.Config) { cfg.Timeout = 200 * time.Millisecond }

func TestADialThatNobodyAnswers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }() // accepts nothing: the kernel does, and no greeting comes
	cfg := configFor(&server{addr: l.Addr().String()})
	short(&cfg)
	begin := time.Now()
	require.ErrorContains(t, write(newCore(t, cfg), "x"), "mailcore: greeting of 127.0.0.1:")
	assert.Less(t, time.Since(begin), 4*time.Second)
}

// hostile are texts that want to be more than text.
var hostile = []string{
	"plain", "two\nlines", "Subject: forged\r\nBcc: eve@example.com\r\n\r\nbody", "\r\n.\r\nMAIL FROM:<eve@example.com>\r\n", ".", "..\n.\n..x",
	"From here", "=3D =?utf-8?q?word?= =", "ünïcödé ✓ 日本語 🎉", "NUL \x00 and bell \a", strings.Repeat("long ", 500),
	strings.Repeat("x", 5000), strings.Repeat("ü", 2000), "--=_boundary\r\n--=_boundary--", "tab\t and space ",
}

// go-mail reads what we wrote as we meant it.
func TestGoMailReadsWhatWasLogged(t *testing.T) {
	s := start(t, &server{}, true)
	core := newCore(t, configFor(s))
	for _, text := range hostile {
		require.NoError(t, write(core, text))
	}
	mails := s.taken()
	require.Len(t, mails, len(hostile), "one record in, one mail out")
	for i, text := range hostile {
		m, err := gomail.EMLToMsgFromReader(bytes.NewReader(mails[i].data))
		require.NoError(t, err, "%q", text)
		assert.Equal(t, []string{`=?utf-8?q?Orders_=E2=9C=93?= <orders@example.com>`}, m.GetFromString())
		assert.Equal(t, []string{"<ops@example.com>", `"Dev" <dev@example.com>`}, m.GetToString())
		assert.Empty(t, m.GetBccString())
		parts := m.GetParts()
		require.Len(t, parts, 1)
		content, err := parts[0].GetContent()
		require.NoError(t, err)
		assert.Equal(t, strings.ReplaceAll(text+"\n", "\r\n", "\n"), strings.ReplaceAll(string(content), "\r\n", "\n"))
	}
}

func TestGoMailFindsTheAttachment(t *testing.T) {
	s := start(t, &server{}, true)
	cfg := configFor(s)
	cfg.InlineBytes = 1000
	require.NoError(t, write(newCore(t, cfg), strings.Repeat("a line\n", 1000)))
	m, err := gomail.EMLToMsgFromReader(bytes.NewReader(s.taken()[0].data))
	require.NoError(t, err)
	attachments := m.GetAttachments()
	require.Len(t, attachments, 1)
	assert.Equal(t, "records.log.gz", attachments[0].Name)
}
