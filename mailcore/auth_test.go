package mailcore_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/mailcore"
	base "example.com/zaphandlers/zapcore"
)

var login = mailcore.Credentials{Username: username, Password: password}

// token returns credentials with this token.
func token(text string, err error) mailcore.Credentials {
	return mailcore.Credentials{Username: username, Token: func(ctx context.Context) (string, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			return "", errors.New("no deadline")
		}
		return text, err
	}}
}

func TestLogin(t *testing.T) {
	tests := []struct {
		name, offered string
		credentials   mailcore.Credentials
		used          string // the mechanism that succeeds; "" if the error below comes
		err           string
	}{
		{"the best of all", "LOGIN PLAIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2", login, "SCRAM-SHA-256", ""},
		{"Python's first", "LOGIN PLAIN CRAM-MD5", login, "CRAM-MD5", ""},
		{"Python's second", "LOGIN PLAIN", login, "PLAIN", ""},
		{"Python's third", "NTLM login", login, "LOGIN", ""},
		{"one that is refused, then the next", "SCRAM-SHA-1 GSSAPI PLAIN", login, "PLAIN", ""},
		{"a token", "PLAIN XOAUTH2", token("token-1", nil), "XOAUTH2", ""},
		{"a token that is refused", "XOAUTH2", token("token-2", nil), "", "mailcore: auth XOAUTH2: 535"},
		{"a token with a forged line", "XOAUTH2", token("token\r\nMAIL", nil), "", "control character"},
		{"a token that cannot be had", "XOAUTH2", token("", errors.New("no token today")), "", "mailcore: auth XOAUTH2: no token today"},
		{"a token where only passwords help", "PLAIN", token("token-1", nil), "", "mailcore: auth: not offered"},
		{"a wrong password", "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256", mailcore.Credentials{Username: username, Password: "wrong"}, "",
			`mailcore: auth LOGIN: 535 "5.7.8 authentication failed"`},
		{"no mechanism", "", login, "", "mailcore: auth: not offered"},
	}
	cert := newCertificate(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(t, &server{tls: cert.server, mechanisms: test.offered})
			cfg := configFor(s)
			cfg.Credentials, cfg.TLSConfig = test.credentials, cert.client
			core := newCore(t, cfg)
			err := write(core, "x")
			if test.used == "" {
				require.ErrorContains(t, err, test.err)
				assert.NotContains(t, err.Error(), "wrong", "errors do not tell passwords")
				assert.Empty(t, s.received())
				return
			}
			require.NoError(t, err)
			mails := s.received()
			require.Len(t, mails, 1)
			assert.Equal(t, test.used, mails[0].mechanism)
			assert.True(t, mails[0].secure)
		})
	}
}

func TestAWrongPasswordIsNotTriedForEachRecord(t *testing.T) {
	cert := newCertificate(t)
	s := newServer(t, &server{tls: cert.server, mechanisms: "PLAIN"})
	cfg := configFor(s)
	cfg.Credentials, cfg.TLSConfig = mailcore.Credentials{Username: username, Password: "wrong"}, cert.client
	core := newCore(t, cfg)
	for range 20 {
		require.ErrorContains(t, write(core, "x"), "535")
	}
	assert.Equal(t, 1, s.connections(), "an account that is locked helps nobody")
}

// Keywords of EHLO come in any case (RFC 5321, section 2.4), and AUTH as it was before there was an RFC, as Python takes it.
func TestKeywordsOfAnyKind(t *testing.T) {
	cert := newCertificate(t)
	for offered, used := range map[string]string{
		"starttls\nauth login":                "LOGIN",
		"StartTLS\nAUTH=PLAIN LOGIN":          "PLAIN",
		"STARTTLS\nauth=login":                "LOGIN",
		"Starttls\nAuth CRAM-MD5\nAUTH=LOGIN": "CRAM-MD5",
		"STARTTLS\r\nAUTH\tPLAIN\tLOGIN ":     "PLAIN", // with blanks that belong nowhere, as Python takes them
		" STARTTLS \n  AUTH  LOGIN":           "LOGIN",
	} {
		s := newServer(t, &server{tls: cert.server})
		s.reply = func(line string) string {
			if strings.HasPrefix(line, "EHLO") {
				return "250-test\n250-" + strings.ReplaceAll(offered, "\n", "\n250-") + "\n250 size 300"
			}
			return ""
		}
		cfg := configFor(s)
		cfg.Credentials, cfg.TLSConfig = login, cert.client
		core := newCore(t, cfg)
		require.ErrorContains(t, write(core, strings.Repeat("x", 300)), "takes 300", offered)
		s.change(func(line string) string {
			if strings.HasPrefix(line, "EHLO") {
				return "250-test\n250-" + strings.ReplaceAll(offered, "\n", "\n250-") + "\n250 8bitmime"
			}
			return ""
		})
		core = newCore(t, cfg)
		require.NoError(t, write(core, "x"), offered)
		assert.Equal(t, used, s.received()[0].mechanism, offered)
	}
}

func TestAServerThatRepeatsWhatItIsToldDoesNotShowThePassword(t *testing.T) {
	cert := newCertificate(t)
	for _, words := range []string{"500 5.3.3 unrecognized command '%s'", "535-no, not\r\n535 '%s' " + password} {
		s := newServer(t, &server{tls: cert.server, mechanisms: "PLAIN"})
		s.reply = func(line string) string {
			if strings.HasPrefix(line, "AUTH") {
				return fmt.Sprintf(words, line)
			}
			return ""
		}
		cfg := configFor(s)
		cfg.Credentials, cfg.TLSConfig = login, cert.client
		err := write(newCore(t, cfg), "x")
		require.ErrorContains(t, err, "AUTH PLAIN …")
		assert.NotContains(t, err.Error(), base64.StdEncoding.EncodeToString([]byte("\x00"+username+"\x00"+password)))
		assert.NotContains(t, err.Error(), password)
	}
}

func TestARefusedMechanismIsFollowedByTheNext(t *testing.T) {
	cert := newCertificate(t)
	s := newServer(t, &server{tls: cert.server, mechanisms: "CRAM-MD5 PLAIN LOGIN"})
	s.reply = func(line string) string {
		if strings.HasPrefix(line, "AUTH CRAM-MD5") || strings.HasPrefix(line, "AUTH PLAIN") {
			return "504 5.5.4 not today"
		}
		return ""
	}
	cfg := configFor(s)
	cfg.Credentials, cfg.TLSConfig = login, cert.client
	require.NoError(t, write(newCore(t, cfg), "x"))
	assert.Equal(t, "LOGIN", s.received()[0].mechanism)
	assert.Equal(t, 1, s.connections(), "on the same connection")
}

func TestNoSecretTravelsInClear(t *testing.T) {
	cert := newCertificate(t)
	tests := []struct {
		name, addr string
		tls        mailcore.TLS
		server     *server
		err        string // "" if the mail is sent
	}{
		{"a server that does not offer STARTTLS", "mail.example.com", mailcore.TLSAuto, &server{mechanisms: "PLAIN"}, "mailcore: starttls: not offered"},
		{"a server that takes it back", "localhost", mailcore.TLSAuto, &server{mechanisms: "PLAIN", tls: cert.server, reply: func(line string) string {
			if line == "STARTTLS" {
				return "454 4.7.0 not now"
			}
			return ""
		}}, "mailcore: starttls: 454"},
		{"TLS refused, elsewhere, with a mechanism that shows the password", "mail.example.com", mailcore.TLSNone, &server{mechanisms: "PLAIN LOGIN"},
			"mailcore: auth: not offered"},
		{"TLS refused, elsewhere, with one that does not", "mail.example.com", mailcore.TLSNone, &server{mechanisms: "PLAIN CRAM-MD5"}, ""},
		{"TLS refused, on this machine", "localhost", mailcore.TLSNone, &server{mechanisms: "PLAIN"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(t, test.server)
			cfg := configFor(s)
			cfg.Addr, cfg.TLS, cfg.Credentials = test.addr, test.tls, login
			if test.tls != mailcore.TLSNone {
				cfg.TLSConfig = cert.client
			}
			err := write(newCore(t, cfg), "x")
			if test.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.err)
			for _, line := range s.heard() {
				assert.False(t, strings.HasPrefix(line, "AUTH") || strings.HasPrefix(line, "MAIL"), "sent in clear: %s", line)
			}
		})
	}
}

func TestTheServerProvesWhoItIs(t *testing.T) {
	cert, stranger := newCertificate(t), newCertificate(t)
	for _, mode := range []mailcore.TLS{mailcore.TLSSTARTTLS, mailcore.TLSImplicit} {
		s := newServer(t, &server{tls: cert.server, implicit: mode == mailcore.TLSImplicit, mechanisms: "PLAIN"})
		addr := s.listen(t)
		for _, test := range []struct {
			name, addr string
			client     *tls.Config
			trusted    bool
		}{
			{"an authority that is trusted", "localhost", cert.client, true},
			{"one that is not", "localhost", stranger.client, false},
			{"the system's", "localhost", nil, false},
			{"another name", "mail.example.com", cert.client, false},
		} {
			t.Run(string(mode)+": "+test.name, func(t *testing.T) {
				cfg := configFor(s)
				cfg.Addr, cfg.TLS, cfg.TLSConfig, cfg.Credentials = test.addr, mode, test.client, login
				cfg.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, network, addr)
				}
				err := write(newCore(t, cfg), "x")
				if test.trusted {
					require.NoError(t, err)
					return
				}
				var verification *tls.CertificateVerificationError
				require.ErrorAs(t, err, &verification)
				var retry *base.RetryError
				require.ErrorAs(t, err, &retry, "it is no verdict on the record")
			})
		}
	}
}

// The zone of an address is this machine's word for one of its networks: no certificate has it.
func TestTheZoneOfAnAddressIsNotVerified(t *testing.T) {
	cert := newCertificate(t)
	s := newServer(t, &server{tls: cert.server, implicit: true})
	cfg := configFor(s)
	cfg.Addr, cfg.TLSConfig = "[::1%lo]:465", cert.client
	require.NoError(t, write(newCore(t, cfg), "x"))
	assert.True(t, s.received()[0].secure)
}

func TestPort465IsImplicit(t *testing.T) {
	cert := newCertificate(t)
	s := newServer(t, &server{tls: cert.server, implicit: true})
	cfg := configFor(s)
	cfg.Addr, cfg.TLSConfig = "localhost:465", cert.client
	require.NoError(t, write(newCore(t, cfg), "x"))
	assert.True(t, s.received()[0].secure)
}

// TestPlainIsAskedFor holds that a server which ignores the response that comes with AUTH PLAIN, and asks for it, gets it, once.
func TestPlainIsAskedFor(t *testing.T) {
	response := base64.StdEncoding.EncodeToString([]byte("\x00" + username + "\x00" + password))
	for _, question := range []string{"334", "334 ", "334 go ahead"} {
		for _, patience := range []int{1, 2} {
			cert := newCertificate(t)
			s := newServer(t, &server{tls: cert.server, mechanisms: "PLAIN"})
			asked := 0
			s.reply = func(line string) string {
				switch {
				case asked < patience && (line == "AUTH PLAIN "+response || asked > 0 && line == response):
					asked++
					return question
				case line == response:
					return "235 welcome"
				case line == "*":
					return "501 cancelled"
				}
				return ""
			}
			cfg := configFor(s)
			cfg.Credentials, cfg.TLSConfig = login, cert.client
			if err := write(newCore(t, cfg), "x"); patience == 1 {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, "asks once more")
				require.NotContains(t, err.Error(), password)
			}
		}
	}
}

// TestQuestionsInClear holds that the questions of LOGIN may be any words, as for Python.
func TestQuestionsInClear(t *testing.T) {
	cert := newCertificate(t)
	s := newServer(t, &server{tls: cert.server, mechanisms: "LOGIN"})
	said := 0
	s.reply = func(line string) string {
		switch {
		case said == 0 && line == "AUTH LOGIN":
			said = 1
			return "334 Username:"
		case said == 1 && line == base64.StdEncoding.EncodeToString([]byte(username)):
			said = 2
			return "334"
		case said == 2 && line == base64.StdEncoding.EncodeToString([]byte(password)):
			said = 3
			return "235 welcome"
		}
		return ""
	}
	cfg := configFor(s)
	cfg.Credentials, cfg.TLSConfig = login, cert.client
	require.NoError(t, write(newCore(t, cfg), "x"))
	require.Equal(t, 3, said)
}

// TestChallengeThatIsNoBase64 holds that the dialogue is cancelled if the challenge of a mechanism cannot be read.
func TestChallengeThatIsNoBase64(t *testing.T) {
	for _, mechanism := range []string{"CRAM-MD5", "SCRAM-SHA-256"} {
		cert := newCertificate(t)
		s := newServer(t, &server{tls: cert.server, mechanisms: mechanism})
		cancelled := false
		s.reply = func(line string) string {
			switch {
			case strings.HasPrefix(line, "AUTH "):
				return "334 what?"
			case line == "*":
				cancelled = true
				return "501 cancelled"
			}
			return ""
		}
		cfg := configFor(s)
		cfg.Credentials, cfg.TLSConfig = login, cert.client
		require.ErrorContains(t, write(newCore(t, cfg), "x"), "auth "+mechanism+": illegal base64 data")
		require.True(t, cancelled)
	}
}

// TestAServerThatAsksForEver holds that a mechanism whose questions have no end is given up, as in Python.
func TestAServerThatAsksForEver(t *testing.T) {
	for _, mechanism := range []string{"CRAM-MD5", "XOAUTH2", "LOGIN", "PLAIN"} {
		t.Run(mechanism, func(t *testing.T) {
			cert := newCertificate(t)
			s := newServer(t, &server{tls: cert.server, mechanisms: mechanism})
			asked, asking := 0, false
			s.reply = func(line string) string {
				asking = asking && line != "*" || strings.HasPrefix(line, "AUTH ")
				switch {
				case line == "*":
					return "501 cancelled"
				case !asking:
					return ""
				case asked == 100:
					return "535 enough"
				}
				asked++
				return "334 " + base64.StdEncoding.EncodeToString([]byte("<1@example.com>"))
			}
			cfg := configFor(s)
			cfg.Credentials, cfg.TLSConfig = login, cert.client
			if mechanism == "XOAUTH2" {
				cfg.Credentials = token("ya29", nil)
			}
			require.ErrorContains(t, write(newCore(t, cfg), "x"), "asks")
			require.LessOrEqual(t, asked, 6)
		})
	}
}

// What is in TLSConfig of the user's code may panic, also where a timer sends the mail.
func TestHookOfTLSThatPanics(t *testing.T) {
	cert := newCertificate(t)
	for _, mode := range []mailcore.TLS{mailcore.TLSSTARTTLS, mailcore.TLSImplicit} {
		s := newServer(t, &server{tls: cert.server, implicit: mode == mailcore.TLSImplicit})
		var panics atomic.Bool
		told := make(chan error, 10)
		cfg := configFor(s)
		cfg.Addr, cfg.TLS, cfg.Interval, cfg.IdleTime, cfg.Dial = s.listen(t), mode, time.Second, -1, nil
		cfg.OnError = func(err error) { told <- err }
		cfg.TLSConfig = cert.client.Clone()
		cfg.TLSConfig.ServerName = "localhost"
		cfg.TLSConfig.VerifyConnection = func(tls.ConnectionState) error {
			if panics.Load() {
				panic("hook")
			}
			return nil
		}
		core := newCore(t, cfg)
		require.NoError(t, write(core, "at once"))
		panics.Store(true)
		require.NoError(t, write(core, "held"))
		require.ErrorContains(t, sockets.Receive(t, told), "VerifyConnection of the TLS configuration: panic: hook")
		panics.Store(false)
		require.NoError(t, core.Close())
		require.EqualValues(t, 2, core.Stats().Delivered)
	}
}
