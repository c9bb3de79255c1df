package message

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"strings"
)

// Address is a mailbox in its two forms.
type Address struct {
	Envelope string // for MAIL FROM and RCPT TO: ops@example.com, or root if the server adds the domain

	header string // for a header: "Ops" <ops@example.com>
}

// Domain returns the part behind the last @; "" if there is none.
func (a Address) Domain() string {
	if at := strings.LastIndexByte(a.Envelope, '@'); at >= 0 {
		return a.Envelope[at+1:]
	}
	return ""
}

// ParseAddresses returns the mailboxes in list. Each string may hold several, separated by commas. In addition to the forms of RFC
// 5322 it accepts what people write and Python's handler sends: a local name without a domain, which the server completes ("root"),
// and an unquoted name that RFC 5322 wants quoted ("[prod] Orders <orders@example.com>").
func ParseAddresses(list ...string) ([]Address, error) {
	var all []Address
	for _, s := range list {
		parsed, err := mail.ParseAddressList(s)
		if err != nil {
			parsed, err = parseLoosely(s)
		}
		if err != nil {
			return nil, err
		}
		for _, p := range parsed {
			if domain := p.Address[strings.LastIndexByte(p.Address, '@')+1:]; strings.HasPrefix(domain, ipv6Literal) && !isIPv6(domain) {
				return nil, noAddress(s) // net/mail of Go 1.27 accepts it
			}
			a := newAddress(p)
			if hasControl(a.header) || hasControl(a.Envelope) {
				return nil, fmt.Errorf("%q: control character in an address", s)
			}
			all = append(all, a)
		}
	}
	return all, nil
}

// parseLoosely parses a list that RFC 5322 does not allow.
func parseLoosely(s string) ([]*mail.Address, error) {
	if strings.ContainsAny(s, "\r\n\x00") {
		return nil, fmt.Errorf("%q: control character in an address", s)
	}
	var list []*mail.Address
	elements := splitList(s)
	bare := ""
	for _, element := range elements {
		a, err := parseMailbox(element)
		switch {
		case err != nil:
			return nil, err
		case bare != "" && a.Name != "":
			return nil, fmt.Errorf("%q: is %q a part of the name behind it? Then write \"%s, %s\" <%s>; else give it as an element of its own",
				s, bare, bare, a.Name, a.Address)
		case !strings.Contains(a.Address, "@") && a.Name == "":
			bare = a.Address
		}
		list = append(list, a)
	}
	return list, nil
}

// parseMailbox parses one mailbox.
func parseMailbox(s string) (*mail.Address, error) {
	if a, err := mail.ParseAddress(s); err == nil {
		return a, nil
	}
	if begin := strings.LastIndexByte(s, '<'); begin >= 0 && strings.HasSuffix(s, ">") {
		if a, err := parseBare(s[begin+1 : len(s)-1]); err == nil {
			a.Name = strings.TrimSpace(strings.NewReplacer(`"`, "", `\`, "").Replace(s[:begin]))
			return a, nil
		}
	}
	if a, err := parseBare(s); err == nil {
		return a, nil
	}
	return nil, noAddress(s)
}

func noAddress(s string) error {
	return fmt.Errorf(`%q is no address: write "ops@example.com", "Ops <ops@example.com>" or, where the server adds the domain, "root"`, s)
}

// parseBare parses an address without a name, with a domain or without.
func parseBare(s string) (*mail.Address, error) {
	if a, err := mail.ParseAddress("<" + s + ">"); err == nil {
		return a, nil
	}
	if at := strings.LastIndexByte(s, '@'); at > 0 {
		return parseUnusual(s[:at], s[at+1:])
	}
	const domain = "@localhost"
	a, err := mail.ParseAddress("<" + s + domain + ">")
	if err != nil {
		return nil, err
	}
	local, found := strings.CutSuffix(a.Address, domain)
	if !found || local != s {
		return nil, errors.New("no local name")
	}
	return &mail.Address{Address: local}, nil
}

// parseUnusual parses a local name and a domain that net/mail does not accept together: a name with dots at its ends or side by side,
// which some providers have assigned and which needs quotes, and an IPv6 address literal (RFC 5321, section 4.1.3).
func parseUnusual(local, domain string) (*mail.Address, error) {
	literal := ""
	if isIPv6(domain) {
		literal, domain = domain, "localhost"
	}
	if strings.Contains(local, ".") && !strings.Contains(local, `"`) {
		plain := strings.ReplaceAll(local, ".", "")
		if _, err := mail.ParseAddress("<" + plain + "@localhost>"); err != nil {
			return nil, err
		}
		local = `"` + local + `"`
	}
	a, err := mail.ParseAddress("<" + local + "@" + domain + ">")
	if err == nil && literal != "" {
		a.Address = strings.TrimSuffix(a.Address, domain) + literal
	}
	return a, err
}

// ipv6Literal starts an IPv6 address literal: RFC 5321, section 4.1.3.
const ipv6Literal = "[IPv6:"

// isIPv6 reports whether a domain is an IPv6 address literal.
func isIPv6(domain string) bool {
	inner, begins := strings.CutPrefix(domain, ipv6Literal)
	inner, ends := strings.CutSuffix(inner, "]")
	ip, err := netip.ParseAddr(inner)
	return begins && ends && err == nil && ip.Is6() && ip.Zone() == ""
}

// splitList splits s at commas outside quotes, brackets and comments, and omits empty elements.
func splitList(s string) []string {
	var list []string
	quoted, depth, begin := false, 0, 0
	add := func(element string) {
		if element = strings.TrimSpace(element); element != "" {
			list = append(list, element)
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<' || c == '(':
			depth++
		case c == '>' || c == ')':
			depth = max(0, depth-1)
		case c == ',' && depth == 0:
			add(s[begin:i])
			begin = i + 1
		}
	}
	add(s[begin:])
	if len(list) == 0 {
		return []string{s}
	}
	return list
}

// longName is the longest name that a header shows unencoded, in bytes. A longer one becomes encoded words, between which a line can
// be broken.
const longName = 200

func newAddress(p *mail.Address) Address {
	a := Address{Envelope: p.Address}
	if strings.Contains(p.Address, "@") {
		a.Envelope = strings.TrimSuffix(strings.TrimPrefix((&mail.Address{Address: p.Address}).String(), "<"), ">")
	}
	const other = "a@b"
	a.header = a.Envelope
	if p.Name != "" {
		name := strings.TrimSuffix((&mail.Address{Name: p.Name, Address: other}).String(), " <"+other+">")
		if first, _, _ := strings.Cut(name, " "); len(p.Name) > longName || strings.HasPrefix(name, "=?") && len(first) > firstWord {
			name = string(encodeWords([]byte(p.Name), 0))
		}
		a.header = name + " <" + a.Envelope + ">"
	}
	return a
}

// AppendAddresses appends one header of addresses, folded between them. It appends nothing if list is empty.
func AppendAddresses(dst []byte, name string, list []Address) []byte {
	if len(list) == 0 {
		return dst
	}
	begin := len(dst)
	dst = append(append(dst, name...), ": "...)
	for i, a := range list {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, a.header...)
	}
	return append(fold(dst, begin), '\r', '\n')
}
