package mailcore_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/peers"
	"example.com/zaphandlers/mailcore"
	"example.com/zaphandlers/mailcore/internal/messagetest"
)

// The tests of this file talk to real programs.

// seen is a mail as Python's email module reads it.
type seen struct {
	From, Subject, Text  string
	To                   []string
	Attachments, Headers []string
	Defects              []string
}

// readByPython reads messages, as they came over the wire.
func readByPython(t testing.TB, messages ...[]byte) []seen {
	encoded := make([]string, len(messages))
	for i, m := range messages {
		encoded[i] = base64.StdEncoding.EncodeToString(m)
	}
	input, err := json.Marshal(encoded)
	require.NoError(t, err)
	return runReader(t, input, "messages")
}

func runReader(t testing.TB, input []byte, args ...string) (mails []seen) {
	cmd := exec.Command(peers.Python(t, "", "import email"), append([]string{"testdata/read.py"}, args...)...)
	cmd.Stdin = bytes.NewReader(input)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, &mails))
	return mails
}

// logHostile logs every hostile text, as message and as the subject, and returns them.
func logHostile(t testing.TB, core zapcore.Core) []string {
	for _, text := range messagetest.Hostile {
		require.NoError(t, core.Write(zapcore.Entry{Level: zapcore.ErrorLevel, Time: noon, LoggerName: text, Message: text}, nil), "%q", text)
	}
	return messagetest.Hostile
}

// hostileConfig is a Config whose mails hold nothing but the message, and have the logger's name as their subject.
func hostileConfig(addr string) mailcore.Config {
	return mailcore.Config{
		Addr:        addr,
		From:        "orders@example.test",
		To:          []string{"ops@example.test"},
		Encoder:     onlyMessage(),
		SubjectFunc: func(ent zapcore.Entry) string { return ent.LoggerName },
		Timeout:     10 * time.Second,
	}
}

// requireAsLogged compares the mails that Python read with what was logged.
func requireAsLogged(t testing.TB, texts []string, mails []seen) {
	require.Len(t, mails, len(texts), "one record in, one mail out")
	for i, text := range texts {
		assert.Equal(t, messagetest.Logged(text+"\n"), mails[i].Text)
		assert.Empty(t, mails[i].Defects, "%q", text)
		assert.NotContains(t, mails[i].Headers, "Bcc")
		assert.Equal(t, []string{"ops@example.test"}, mails[i].To)
		want := messagetest.Cleaned(string([]rune(text)))
		if before, cut := strings.CutSuffix(mails[i].Subject, "…"); cut {
			assert.True(t, strings.HasPrefix(want, strings.TrimRight(before, " ")))
		} else {
			assert.Equal(t, want, mails[i].Subject)
		}
	}
}

func TestPythonReadsWhatWasLogged(t *testing.T) {
	s := newServer(t, &server{})
	cfg := hostileConfig("localhost")
	cfg.Dial = s.dial
	texts := logHostile(t, newCore(t, cfg))
	var raw [][]byte
	for _, m := range s.received() {
		raw = append(raw, m.data)
	}
	requireAsLogged(t, texts, readByPython(t, raw...))
}

func TestPythonReadsTheAttachment(t *testing.T) {
	s := newServer(t, &server{})
	cfg := configFor(s)
	cfg.InlineBytes, cfg.Encoder = 1000, onlyMessage()
	core := newCore(t, cfg)
	text := strings.Repeat("a line ✓\n", 500)
	require.NoError(t, write(core, text))
	mails := readByPython(t, s.received()[0].data)
	require.Len(t, mails[0].Attachments, 1)
	inline, _, found := strings.Cut(mails[0].Text, "\n(the rest is in the attachment: ")
	require.True(t, found)
	assert.True(t, text+"\n" == inline+mails[0].Attachments[0], "nothing is lost between the parts")
}

func TestTheSameMailAsPythons(t *testing.T) {
	interpreter := peers.Python(t, "", "import logging.handlers")
	messages := []string{
		"Hello ✓", "plain", "two\nlines", "a line of more than 78 bytes: " + strings.Repeat("x", 200), "grün " + strings.Repeat("und mehr ", 40),
		".", ".leading dot\n..", "tab\tand trailing space ",
	}
	// Not among them, for Python gets them wrong: "From here" arrives as ">From here".
	const from, subject = "orders@example.com", "trouble: grün ✓"
	to := []string{"ops@example.com", "dev@example.com"}

	theirs := newServer(t, &server{})
	_, port, _ := strings.Cut(theirs.listen(t), ":")
	cmd := exec.Command(interpreter, append([]string{"testdata/handler.py", port, from, subject}, to...)...)
	var input bytes.Buffer
	for _, m := range messages {
		require.NoError(t, json.NewEncoder(&input).Encode(m))
	}
	cmd.Stdin = &input
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Empty(t, string(out))

	ours := newServer(t, &server{})
	core := newCore(t, mailcore.Config{Addr: ours.listen(t), From: from, To: to, Subject: subject, Encoder: onlyMessage()})
	for _, m := range messages {
		require.NoError(t, write(core, m))
	}

	a, b := theirs.received(), ours.received()
	require.Len(t, a, len(messages))
	require.Len(t, b, len(messages))
	for i := range messages {
		assert.Equal(t, a[i].from, b[i].from)
		assert.Equal(t, a[i].to, b[i].to)
		both := readByPython(t, a[i].data, b[i].data)
		for _, field := range []func(seen) any{
			func(s seen) any { return s.From }, func(s seen) any { return s.To },
			func(s seen) any { return s.Subject }, func(s seen) any { return s.Text },
		} {
			assert.Equal(t, field(both[0]), field(both[1]), "%q", messages[i])
		}
		for _, raw := range [][]byte{a[i].data, b[i].data} {
			m, err := mail.ReadMessage(bytes.NewReader(raw))
			require.NoError(t, err)
			got, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			require.NoError(t, err)
			assert.Equal(t, subject, got)
		}
	}
}

// taken is what testdata/smtpd.py prints.
type taken struct {
	From, User string
	To         []string
	Content    []byte
}

func TestAiosmtpd(t *testing.T) {
	interpreter := peers.Python(t, "ZAPHANDLERS_AIOSMTPD_PYTHON", "import aiosmtpd")
	cert := newCertificate(t)
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(certFile, cert.certPEM, 0o600))
	require.NoError(t, os.WriteFile(keyFile, cert.keyPEM, 0o600))
	for _, mode := range []mailcore.TLS{mailcore.TLSSTARTTLS, mailcore.TLSImplicit} {
		t.Run(string(mode), func(t *testing.T) {
			port, mails := startAiosmtpd(t, interpreter, string(mode), certFile, keyFile, "orders", "secret")
			cfg := hostileConfig("127.0.0.1:" + port)
			cfg.TLS, cfg.TLSConfig = mode, cert.client
			cfg.Credentials = mailcore.Credentials{Username: "orders", Password: "wrong"}
			require.ErrorContains(t, write(newCore(t, cfg), "x"), "535")

			cfg.Credentials.Password = "secret"
			texts := logHostile(t, newCore(t, cfg))
			var raw [][]byte
			for range texts {
				var m taken
				require.NoError(t, mails.Decode(&m))
				assert.Equal(t, "orders@example.test", m.From)
				assert.Equal(t, []string{"ops@example.test"}, m.To)
				assert.Equal(t, "orders", m.User)
				raw = append(raw, m.Content)
			}
			requireAsLogged(t, texts, readByPython(t, raw...))
		})
	}
}

// startAiosmtpd runs the server until the test ends, and returns its port and what it prints.
func startAiosmtpd(t *testing.T, interpreter string, args ...string) (port string, mails *json.Decoder) {
	cmd := exec.Command(interpreter, append([]string{"testdata/smtpd.py"}, args...)...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_, _ = io.Copy(io.Discard, stdout)
		_ = cmd.Wait()
	})
	r := bufio.NewReader(stdout)
	_, err = fmt.Fscanln(r, &port)
	require.NoError(t, err)
	return port, json.NewDecoder(r)
}
