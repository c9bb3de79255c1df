package message

import (
	"net/mail"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAddressesThatAreNone(t *testing.T) {
	tests := []struct{ text, says string }{
		{"", "is no address"}, {" , ", "is no address"}, {"@", "is no address"}, {"two words", "is no address"}, {"a@b@c", "is no address"},
		{"a@example.com\r\nBcc: eve@example.com", "control character"}, {"root\r\nBcc: eve@example.com", "control character"},
		{"a@b\x00", "control character"}, {"<a@example.com", "is no address"}, {"\"a\rb\"@example.com", "control character"},
		{"<root\r\n>", "control character"}, {"ro>ot", "is no address"}, {"root@", "is no address"}, {"root(comment)", "is no address"},
		{"a..b c@example.com", "is no address"}, {"...@example.com", "is no address"}, {"a..b @ example.com", "is no address"}, {"a.@b@c", "is no address"},
		{"ops@[IPv6:1.2.3.4]", "is no address"}, {"ops@[IPv6:fe80::1%eth0]", "is no address"}, {"ops@[IPv6:::1", "is no address"}, {"mailto:a.@example.com", "is no address"},
		{"Doe, John <john@example.com>", `write "Doe, John" <john@example.com>`},
	}
	for _, test := range tests {
		_, err := ParseAddresses(test.text)
		require.ErrorContains(t, err, test.says, "%q", test.text)
		assert.NotContains(t, err.Error(), "mail: ", "net/mail's words help nobody: %q", test.text)
	}
}

func TestAddresses(t *testing.T) {
	tests := []struct{ text, header, envelope string }{
		{`"a b"@example.com, Ops <ops@example.com>`, `"a b"@example.com, "Ops" <ops@example.com>`, `"a b"@example.com ops@example.com`},
		{"root", "root", "root"}, // as Python's handler
		{"<root>", "root", "root"},
		{"Root <root>", `"Root" <root>`, "root"},
		{"root, www-data, ops@example.com", "root, www-data, ops@example.com", "root www-data ops@example.com"},
		{"ops@example.com,", "ops@example.com", "ops@example.com"},
		{"[prod] Orders <orders@example.com>", `"[prod] Orders" <orders@example.com>`, "orders@example.com"},
		{"Orders [prod] <orders@example.com>", `"Orders [prod]" <orders@example.com>`, "orders@example.com"},
		{"Orders (prod) <orders@example.com>", `"Orders" <orders@example.com>`, "orders@example.com"},
		{"Orders @ web-3 <orders@example.com>", `"Orders @ web-3" <orders@example.com>`, "orders@example.com"},
		{"a.b@x <orders@example.com>", `"a.b@x" <orders@example.com>`, "orders@example.com"},
		{"Orders: prod <orders@example.com>", `"Orders: prod" <orders@example.com>`, "orders@example.com"},
		{"<prod> Orders <orders@example.com>", `"<prod> Orders" <orders@example.com>`, "orders@example.com"},
		{"[prod] Aufträge <orders@example.com>", `=?utf-8?b?W3Byb2RdIEF1ZnRyw6RnZQ==?= <orders@example.com>`, "orders@example.com"},
		{"Team: a@example.com, B <b@example.com>;", `a@example.com, "B" <b@example.com>`, "a@example.com b@example.com"},
		{"a..b@example.com", `"a..b"@example.com`, `"a..b"@example.com`}, // as Python's handler, but for the quotes that RFC 5321 wants
		{"Ops <.ops.@example.com>, root", `"Ops" <".ops."@example.com>, root`, `".ops."@example.com root`},
		{"ops@[IPv6:::1]", "ops@[IPv6:::1]", "ops@[IPv6:::1]"}, // RFC 5321, section 4.1.3
		{"Ops <a..b@[IPv6:2001:db8::1]>", `"Ops" <"a..b"@[IPv6:2001:db8::1]>`, `"a..b"@[IPv6:2001:db8::1]`},
		{"ops@[127.0.0.1]", "ops@[127.0.0.1]", "ops@[127.0.0.1]"},
	}
	for _, test := range tests {
		list, err := ParseAddresses(test.text)
		require.NoError(t, err, "%q", test.text)
		var envelopes []string
		for _, a := range list {
			envelopes = append(envelopes, a.Envelope)
		}
		assert.Equal(t, test.envelope, strings.Join(envelopes, " "), "%q", test.text)
		assert.Equal(t, "To: "+test.header+"\r\n", string(AppendAddresses(nil, "To", list)), "%q", test.text)
	}
}

// What a header shows can be read again, and no line of it is too long.
func TestALongNameIsFolded(t *testing.T) {
	for _, name := range []string{strings.Repeat("x", 2000), strings.Repeat("a word ", 300), strings.Repeat("grün ", 300)} {
		list, err := ParseAddresses("\"" + name + "\" <a@example.com>")
		require.NoError(t, err)
		header := AppendAddresses(nil, "To", list)
		require.NoError(t, CheckHeader(header))
		m, err := mail.ReadMessage(strings.NewReader(string(header) + "\r\n"))
		require.NoError(t, err)
		read, err := m.Header.AddressList("To")
		require.NoError(t, err)
		assert.Equal(t, strings.TrimSpace(name), strings.TrimSpace(read[0].Name))
	}
	for n := range 60 {
		name := strings.Repeat("ü", n+1) + " Dienst"
		list, err := ParseAddresses("\"" + name + "\" <a@example.com>")
		require.NoError(t, err)
		header := AppendAddresses(nil, "Reply-To", list)
		for line := range strings.SplitSeq(string(header), "\r\n") {
			assert.LessOrEqual(t, len(line), headerLine, "with encoded words: RFC 2047, section 2")
		}
		m, err := mail.ReadMessage(strings.NewReader(string(header) + "\r\n"))
		require.NoError(t, err)
		read, err := m.Header.AddressList("Reply-To")
		require.NoError(t, err)
		assert.Equal(t, name, read[0].Name)
	}
	_, err := ParseAddresses(strings.Repeat("x", 2000) + "@example.com")
	require.NoError(t, err, "CheckHeader says what is wrong with it")
}
