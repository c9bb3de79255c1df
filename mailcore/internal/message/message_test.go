package message

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/mailcore/internal/messagetest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// newTestComposer is one with the headers of a plain Config.
func newTestComposer(inline int) *Composer {
	c := NewComposer([]byte("From: a@example.com\r\nTo: b@example.com\r\nAuto-Submitted: auto-generated\r\n"), "example.com", inline)
	return &c
}

func composeOne(c *Composer, subject, text string) []byte {
	var d Digest
	d.Add(zapcore.ErrorLevel, noon, []byte(text), []byte(subject), EverythingFits)
	return bytes.Clone(c.Compose(&d, c.NewIdentity(noon)))
}

func composed(c *Composer, d *Digest) []byte { return c.Compose(d, c.NewIdentity(noon)) }

// requireWellFormed requires what every message promises on the wire.
func requireWellFormed(t testing.TB, message []byte) *mail.Message {
	require.True(t, bytes.HasSuffix(message, []byte("\r\n")))
	for _, line := range strings.Split(string(message), "\r\n") {
		require.LessOrEqual(t, len(line), maxHeaderLine)
		require.False(t, strings.ContainsFunc(line, func(r rune) bool { return r >= utf8.RuneSelf || r < ' ' && r != '\t' || r == 0x7f }), "%q", line)
	}
	m, err := mail.ReadMessage(bytes.NewReader(message))
	require.NoError(t, err)
	return m
}

func requireSubject(t testing.TB, subject string, m *mail.Message) {
	got, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	require.NoError(t, err)
	want := messagetest.Cleaned(string([]rune(subject)))
	if before, cut := strings.CutSuffix(got, "…"); cut && got != want {
		require.LessOrEqual(t, len(got), maxSubject)
		require.True(t, strings.HasPrefix(want, strings.TrimRight(before, " ")), "%q is cut from %q", got, want)
		return
	}
	require.Equal(t, want, got)
}

// body returns the decoded text of the mail with line feeds, as it was logged.
func body(t testing.TB, m *mail.Message) string {
	require.Equal(t, "quoted-printable", m.Header.Get("Content-Transfer-Encoding"))
	return quoted(t, m.Body)
}

func quoted(t testing.TB, r io.Reader) string {
	b, err := io.ReadAll(quotedprintable.NewReader(r))
	require.NoError(t, err)
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

func TestWhateverIsLoggedIsTextAndNothingElse(t *testing.T) {
	for _, text := range messagetest.Hostile {
		m := requireWellFormed(t, composeOne(newTestComposer(1<<20), text, text))
		assert.Len(t, m.Header, 9, "no header comes from %q: %v", text, m.Header)
		requireSubject(t, text, m)
		assert.Equal(t, messagetest.Logged(text), body(t, m))
	}
}

func TestQuotedLinesAreShort(t *testing.T) {
	for _, text := range messagetest.Hostile {
		for _, line := range strings.Split(string(appendQuoted(nil, []byte(text))), "\r\n") {
			assert.LessOrEqual(t, len(line), quotedLine)
			assert.False(t, strings.HasPrefix(line, "."), "servers double a dot: %q", line)
			assert.False(t, strings.HasPrefix(line, "From "), "mailboxes mark a From: %q", line)
			assert.False(t, strings.HasSuffix(line, " ") || strings.HasSuffix(line, "\t"), "servers strip a space: %q", line)
		}
	}
}

// A character that needs no encoding is not encoded, because some people read the source of a mail.
func TestQuotedTextIsPlainWhereItMayBe(t *testing.T) {
	for text, want := range map[string]string{
		"a b\tc": "a b\tc", "end \nx": "end=20\r\nx", "end\t\r\nx": "end=09\r\nx", "end ": "end=20",
		"a \rb": "a =0Db", "a \r": "a =0D", "1 + 1 = 2": "1 + 1 =3D 2", ".a.": "=2Ea.", "From x": "=46rom x", "x\nFrom x": "x\r\n=46rom x",
		"From": "From", "For x": "For x", "a From b": "a From b", "ü": "=C3=BC", "\xff": "=EF=BF=BD",
		strings.Repeat("x", 75): strings.Repeat("x", 75), strings.Repeat("x", 76): strings.Repeat("x", 75) + "=\r\nx",
	} {
		assert.Equal(t, want, string(appendQuoted(nil, []byte(text))), "%q", text)
	}
}

func TestHeaderLinesFold(t *testing.T) {
	for _, subject := range []string{strings.Repeat("a word and ", 20), strings.Repeat("ü", 120), strings.Repeat("✓✓ ", 30), strings.Repeat("x\u2028", 50) + "x"} {
		message := composeOne(newTestComposer(100), subject, "")
		for _, line := range strings.Split(string(message), "\r\n") {
			assert.LessOrEqual(t, len(line), 76, "with encoded words: RFC 2047, section 2")
		}
		m, err := mail.ReadMessage(strings.NewReader(string(message)))
		require.NoError(t, err)
		read, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		require.NoError(t, err)
		assert.Equal(t, strings.TrimSpace(subject), read)
	}
	var list []string
	for range 200 {
		list = append(list, `"Doe, Jané ✓" <somebody@example.com>, plain@example.com`)
	}
	addresses, err := ParseAddresses(list...)
	require.NoError(t, err)
	header := AppendAddresses(nil, "To", addresses)
	require.NoError(t, CheckHeader(header))
	m, err := mail.ReadMessage(strings.NewReader(string(header) + "\r\n"))
	require.NoError(t, err)
	read, err := m.Header.AddressList("To")
	require.NoError(t, err)
	require.Len(t, read, 400, "folding loses nobody")
	assert.Equal(t, "Doe, Jané ✓", read[398].Name)
}

func TestALongTextIsAttached(t *testing.T) {
	tests := []struct {
		name, text, inline string
	}{
		{"cut at the end of a line", "first\nsecond\nthird\n", "first\nsecond\n"},
		{"cut at a rune where there is no line", strings.Repeat("ü", 20) + "\n", strings.Repeat("ü", 7)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := requireWellFormed(t, composeOne(newTestComposer(15), "s", test.text))
			_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
			require.NoError(t, err)
			parts := multipart.NewReader(m.Body, params["boundary"])
			part, err := parts.NextRawPart()
			require.NoError(t, err)
			assert.True(t, strings.HasPrefix(quoted(t, part), test.inline+"\n(the rest is in the attachment: "))
			part, err = parts.NextPart()
			require.NoError(t, err)
			assert.Equal(t, "records.log.gz", part.FileName())
			z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, part))
			require.NoError(t, err)
			rest, err := io.ReadAll(z)
			require.NoError(t, err)
			assert.Equal(t, test.text, test.inline+string(rest), "nothing is lost between the parts, or doubled")
			_, err = parts.NextPart()
			assert.Equal(t, io.EOF, err)
		})
	}
}

func TestADigestSaysWhatItHolds(t *testing.T) {
	var d Digest
	d.Add(zapcore.WarnLevel, noon.Add(time.Second), []byte("one\n"), []byte("calm"), 10)
	d.Add(zapcore.PanicLevel, noon, []byte("two"), []byte("panic"), 10)
	d.Add(zapcore.ErrorLevel, noon.Add(time.Minute), []byte("three"), []byte("later"), 10)
	m := requireWellFormed(t, composed(newTestComposer(1000), &d))
	assert.Equal(t, "panic (3 records)", m.Header.Get("Subject"), "the subject is the worst record's")
	assert.Equal(t, "3 records (1 panic, 1 error, 1 warn), from 2026-11-22 12:00:00.000 +0000 to 2026-11-22 12:01:00.000 +0000.\n"+
		"1 more suppressed: they are counted above, and not shown.\n\none\ntwo\n", body(t, m))
	d.Reset()
	assert.Empty(t, d.text)
	assert.Zero(t, d.Records)
}

func TestMessageIDsDiffer(t *testing.T) {
	c, other := newTestComposer(100), newTestComposer(100)
	seen := map[string]bool{}
	for _, message := range []string{
		string(composeOne(c, "s", "t")), string(composeOne(c, "s", "t")), string(composeOne(other, "s", "t")),
	} {
		id := requireWellFormed(t, []byte(message)).Header.Get("Message-ID")
		assert.Regexp(t, `^<[a-z0-9]+\.[0-9]+@example\.com>$`, id)
		assert.False(t, seen[id])
		seen[id] = true
	}
}

func TestComposeAllocatesNothing(t *testing.T) {
	c := newTestComposer(1 << 16)
	var d Digest
	text, subject := []byte(strings.Repeat("a line of a log, ünd more\n", 40)), []byte("orders on web-3: grün")
	allocs := testing.AllocsPerRun(200, func() {
		d.Reset()
		d.Add(zapcore.ErrorLevel, noon, text, subject, EverythingFits)
		c.Compose(&d, c.NewIdentity(noon))
	})
	assert.Zero(t, allocs)
}

func FuzzMessage(f *testing.F) {
	for _, text := range messagetest.Hostile {
		f.Add(text, text, 100)
	}
	f.Fuzz(func(t *testing.T, subject, text string, inline int) {
		if inline < 1 || inline > 1<<16 {
			inline = 100
		}
		m := requireWellFormed(t, composeOne(newTestComposer(inline), subject, text))
		requireSubject(t, subject, m)
		require.Equal(t, "a@example.com", m.Header.Get("From"))
		require.LessOrEqual(t, len(m.Header), 9)
		if m.Header.Get("Content-Transfer-Encoding") != "" {
			require.Equal(t, messagetest.Logged(text), body(t, m))
		}
	})
}

func FuzzAddress(f *testing.F) {
	for _, text := range messagetest.Hostile {
		f.Add(text)
		f.Add("\"" + text + "\" <a@example.com>")
		f.Add("\"" + text + "\"@example.com")
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, err := ParseAddresses(s)
		if err != nil {
			return
		}
		for _, a := range list {
			require.False(t, hasControl(a.Envelope) || hasControl(a.header), "%q gives %q", s, a)
		}
		header := string(AppendAddresses(nil, "To", list))
		m, err := mail.ReadMessage(strings.NewReader(header + "\r\n"))
		require.NoError(t, err)
		require.Len(t, m.Header, 1, "%q is one header", header)
	})
}

// TestRecordsWithoutATime holds that the times above a digest are those of the records that have one.
func TestRecordsWithoutATime(t *testing.T) {
	c := newTestComposer(1 << 20)
	text := func(times ...time.Time) string {
		var d, more Digest
		for _, at := range times {
			d.Add(zapcore.ErrorLevel, at, []byte("x\n"), nil, EverythingFits)
			more.Add(zapcore.ErrorLevel, at, []byte("x\n"), nil, EverythingFits)
		}
		d.AddAll(&more)
		body, err := io.ReadAll(quotedprintable.NewReader(requireWellFormed(t, composed(c, &d)).Body))
		require.NoError(t, err)
		line, _, _ := strings.Cut(string(body), "\r\n")
		return line
	}
	const span = ", from 2026-11-22 12:00:00.000 +0000 to 2026-11-22 12:00:01.000 +0000."
	later := noon.Add(time.Second)
	assert.Equal(t, "4 records (4 error).", text(time.Time{}, time.Time{}))
	assert.Equal(t, "6 records (6 error)"+span, text(time.Time{}, noon, later))
	assert.Equal(t, "6 records (6 error)"+span, text(later, time.Time{}, noon))
}

func TestHalve(t *testing.T) {
	start := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	d := Digest{Divisible: true}
	for i := range 5 {
		d.Add(zapcore.Level(i%2), start.Add(time.Duration(i)*time.Second), fmt.Appendf(nil, "text %d", i), fmt.Appendf(nil, "subject %d", i), EverythingFits)
	}
	for i := range 3 {
		d.Add(zapcore.ErrorLevel, start.Add(time.Hour), fmt.Appendf(nil, "text %d", 5+i), []byte("the worst"), 0)
	}
	whole := Digest{Divisible: true}
	whole.AddAll(&d)
	first, second := &d, d.Halve()
	require.Equal(t, "text 0\ntext 1\ntext 2\n", string(first.text))
	require.EqualValues(t, 3, first.Records)
	require.Zero(t, first.Omitted)
	require.Equal(t, "subject 1 (3 records)", string(first.subjectLine()))
	require.Equal(t, "text 3\ntext 4\n", string(second.text))
	require.EqualValues(t, 5, second.Records)
	require.EqualValues(t, 3, second.Omitted)
	require.Equal(t, "the worst (5 records)", string(second.subjectLine()))
	require.Contains(t, string(second.preface()), "5 records (3 error, 1 warn, 1 info), from 2026-11-22 10:00:00.000 +0000 to 2026-11-22 11:00:00.000 +0000.\n3 more suppressed")
	third := second.Halve()
	fourth := third.Halve()
	require.False(t, second.Divides())
	require.False(t, fourth.Divides())
	require.Equal(t, "text 4\n", string(third.text))
	require.Empty(t, fourth.text)
	require.EqualValues(t, 3, fourth.Records)
	all := Digest{Divisible: true}
	for _, part := range []*Digest{first, second, third, fourth} {
		all.AddAll(part)
	}
	require.Equal(t, whole.text, all.text)
	require.Equal(t, whole.shown, all.shown)
	require.Equal(t, whole.levels, all.levels)
	require.Equal(t, whole.Records, all.Records)
	require.Equal(t, string(whole.subject), string(all.subject))
}
