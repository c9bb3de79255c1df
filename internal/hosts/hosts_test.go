package hosts

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFault(t *testing.T) {
	label := strings.Repeat("a", 63)
	for _, host := range []string{"", "h", "h.", "logs.example.com", "xn--bcher-kva.example", "bücher.example", "h_x", "10.0.0.1", "127.1", "0", "::1", "fe80::1%eth0",
		"1.example", "1.2.3.4.example", label + "." + label + "." + label + "." + label[:61], "a.b.c.4x"} {
		assert.Empty(t, Fault(host), host)
	}
	for _, host := range []string{".", "h..x", ".h", "a b", "h\n", "h\x00", "h\u00a0x", "h/x", "u@h", "*", "*.example.com", "1.2.3.4.5", "256.1.1.1", "a.b.c.4", label + "a",
		label + "." + label + "." + label + "." + label[:62], "h:1", "[::1]", "<h>"} {
		assert.NotEmpty(t, Fault(host), host)
	}
}

func TestIsPort(t *testing.T) {
	for _, host := range []string{"1", "25", "514", "9020", "65535"} {
		assert.True(t, IsPort(host), host)
	}
	for _, host := range []string{"", "0", "65536", "2130706433", "127.1", "+1", "-1", "1a", "h", "::1"} {
		assert.False(t, IsPort(host), host)
	}
}

func TestASCII(t *testing.T) {
	for host, want := range map[string]string{
		"": "", "h": "h", "H.example.": "H.example.", "10.0.0.1": "10.0.0.1", "::1": "::1", "fe80::1%münchen": "fe80::1%münchen",
		"127.1": "127.0.0.1", "0": "0.0.0.0", "1": "0.0.0.1", "10.1.2": "10.1.0.2", "10.258": "10.0.1.2", "2130706433": "127.0.0.1",
		"127.": "127.", "256.1": "256.1", "4294967296": "4294967296", "010.1": "010.1", "+1": "+1", "1.example": "1.example", "0x7f.1": "0x7f.1",
		"münchen.de": "xn--mnchen-3ya.de", "MÜNCHEN.DE": "xn--mnchen-3ya.DE", "logs.bücher.example.": "logs.xn--bcher-kva.example.",
		"例え。テスト": "xn--r8jz45g.xn--zckzah", "ü": "xn--tda", "пример.рф": "xn--e1afmkfd.xn--p1ai", "u\u0308.de": "u\u0308.de",
		"他们为什么不说中文": "xn--ihqwcrb4cv8a8dqg056pqjye", "pročprostěnemluvíčesky": "xn--proprostnemluvesky-uyb24dma41a", "3年b組金八先生": "xn--3b-ww4c5e180e575a65lsy2b",
		strings.Repeat("ü", 63): strings.Repeat("ü", 63), "\xff.de": "\xff.de",
	} {
		assert.Equal(t, want, ASCII(host), host)
	}
}

func TestIsDomain(t *testing.T) {
	for _, host := range []string{"a.b", "web-3.example.com", "xn--bcher-kva.example", "3com.com", "A.B"} {
		assert.True(t, IsDomain(host), host)
	}
	for _, host := range []string{"", "h", "h.", ".h", "a..b", "my_host.example.com", "-a.b", "a-.b", "10.0.0.5", "a.5", "a b.c", "bücher.example", "[10.0.0.5]",
		strings.Repeat("a", 64) + ".b", strings.Repeat("a.", 127) + "b"} {
		assert.False(t, IsDomain(host), host)
	}
}
