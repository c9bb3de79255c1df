package hosts

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ASCII returns a host in the form that package net's own resolver takes: names beyond ASCII in their DNS form (RFC 3492, "xn--…"),
// and inet_aton's short forms of IPv4 ("127.1") in full. Python's sockets accept both. Any other host is returned unchanged.
func ASCII(host string) string {
	if address, ok := shortIPv4(host); ok {
		return address
	}
	if isASCII(host) || !utf8.ValidString(host) || strings.Contains(host, "%") { // a zone is not part of a DNS name
		return host
	}
	labels := strings.Split(dots.Replace(host), ".")
	for i, label := range labels {
		if isASCII(label) {
			continue
		}
		label = strings.ToLower(label)
		if strings.ContainsFunc(label, func(r rune) bool { return unicode.Is(unicode.M, r) }) {
			return host // it would need composing first, with tables that are not here
		}
		if labels[i] = "xn--" + punycode([]rune(label)); len(labels[i]) > maxLabel {
			return host
		}
	}
	return strings.Join(labels, ".")
}

// dots are the full stops of other scripts, which separate labels too: RFC 3490, section 3.1.
var dots = strings.NewReplacer("\u3002", ".", "\uff0e", ".", "\uff61", ".")

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// shortIPv4 reads one to three decimal numbers. The last one fills the remaining bytes.
func shortIPv4(host string) (address string, ok bool) {
	const size = 4
	parts := strings.Split(host, ".")
	if len(parts) >= size {
		return "", false
	}
	var b [size]byte
	for i, part := range parts {
		bits := 8
		if i == len(parts)-1 {
			bits = 8 * (size - i)
		}
		n, err := strconv.ParseUint(part, 10, bits)
		if err != nil || len(part) > 1 && part[0] == '0' { // a leading zero may mean octal
			return "", false
		}
		if b[i] = byte(n); bits > 8 {
			for j := size - 1; j >= i; j-- {
				b[j] = byte(n)
				n >>= 8
			}
		}
	}
	return netip.AddrFrom4(b).String(), true
}

// The parameters of punycode: RFC 3492, section 5.
const (
	base, tMin, tMax  = 36, 1, 26
	skew, damp        = 38, 700
	firstBias, firstN = 72, 128
)

// punycode encodes a label: RFC 3492, section 6.3.
func punycode(label []rune) string {
	var out []byte
	for _, r := range label {
		if r < utf8.RuneSelf {
			out = append(out, byte(r))
		}
	}
	basic := len(out)
	if basic > 0 {
		out = append(out, '-')
	}
	delta, bias, n := 0, firstBias, rune(firstN)
	for done := basic; done < len(label); {
		next := rune(unicode.MaxRune)
		for _, r := range label {
			if r >= n {
				next = min(next, r)
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range label {
			if r < n {
				delta++
			}
			if r == n {
				out = appendNumber(out, delta, bias)
				done++
				bias = adapted(delta, done, done == basic+1)
				delta = 0
			}
		}
		delta++
		n++
	}
	return string(out)
}

// appendNumber appends a number of variable length: RFC 3492, section 3.3.
func appendNumber(out []byte, n, bias int) []byte {
	for k := base; ; k += base {
		t := min(max(k-bias, tMin), tMax)
		if n < t {
			return append(out, digit(n))
		}
		out = append(out, digit(t+(n-t)%(base-t)))
		n = (n - t) / (base - t)
	}
}

// adapted returns the bias for the next number: RFC 3492, section 6.1.
func adapted(delta, points int, first bool) int {
	if first {
		delta /= damp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for ; delta > (base-tMin)*tMax/2; k += base {
		delta /= base - tMin
	}
	return k + (base-tMin+1)*delta/(delta+skew)
}

// digit returns a digit of punycode: a to z, 0 to 9.
func digit(n int) byte {
	const letters = 26
	if n < letters {
		return 'a' + byte(n)
	}
	return '0' + byte(n-letters)
}
