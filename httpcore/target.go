package httpcore

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"example.com/zaphandlers/internal/hosts"
)

// userAgent is the User-Agent unless Config.Header has one.
const userAgent = "zaphandlers-httpcore"

// target makes and checks the URL and the headers that all requests share. What cannot be sent, or would reveal credentials, is found
// here and not by a record.
func (cfg *Config) target() (*url.URL, http.Header, error) {
	u, err := cfg.address()
	if err != nil {
		return nil, nil, err
	}
	header, err := cfg.header()
	if err != nil {
		return nil, nil, err
	}
	if err := cfg.authorize(u, header); err != nil {
		return nil, nil, err
	}
	if secret := secretIn(header); secret != "" && u.Scheme == "http" && !cfg.PlaintextCredentials {
		return nil, nil, fmt.Errorf("httpcore: the header %s may be a credential, and over http it would be sent in clear: "+
			"use https, or set Config.PlaintextCredentials", secret)
	}
	if cfg.TLS != nil && u.Scheme != "https" {
		return nil, nil, errors.New("httpcore: Config.TLS makes sense only with https")
	}
	return u, header, nil
}

// address returns the URL of Host and URL, with the host in the form that package net takes.
func (cfg *Config) address() (*url.URL, error) {
	raw, err := cfg.withHost()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(raw)
	if err != nil {
		// The parser's error may quote a password.
		field := "URL"
		if cfg.Host != "" {
			field = "Host and URL together"
		}
		return nil, fmt.Errorf("httpcore: Config.%s: no URL: control characters, bad escapes or a bad port", field)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("httpcore: Config.URL must begin with a slash, http:// or https://")
	case u.Hostname() == "":
		return nil, errors.New("httpcore: Config.URL names no host")
	case hosts.Fault(u.Hostname()) != "":
		return nil, fmt.Errorf("httpcore: Config.%s: %q: %s", cfg.hostField(), u.Hostname(), hosts.Fault(u.Hostname()))
	case strings.HasPrefix(cfg.URL, "/") && (u.Host != zoned(cfg.Host, "%25", "%") || u.User != nil):
		return nil, errors.New("httpcore: Config.Host must be host or host:port")
	case u.Port() == "" && hosts.IsPort(u.Hostname()):
		return nil, fmt.Errorf(`httpcore: Config.%s: %q is a port without a host: write "host:%s"`, cfg.hostField(), u.Hostname(), u.Hostname())
	case !isPort(u.Port()):
		return nil, fmt.Errorf("httpcore: Config.%s: port %s: it has to be from 1 to 65535", cfg.hostField(), u.Port())
	case u.Fragment != "":
		return nil, errors.New("httpcore: Config.URL has a fragment, which is never sent")
	case strings.ContainsFunc(u.RawQuery, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return nil, errors.New("httpcore: Config.URL has a query with characters that must be escaped")
	}
	if host := hosts.ASCII(u.Hostname()); host != u.Hostname() { // which is no IPv6 address
		u.Host = strings.TrimSuffix(host+":"+u.Port(), ":")
	}
	return u, nil
}

// withHost returns URL. A path gets Host in front, and the scheme.
func (cfg *Config) withHost() (string, error) {
	switch isPath := strings.HasPrefix(cfg.URL, "/"); {
	case !isPath && (cfg.Host != "" || cfg.Secure):
		return "", errors.New("httpcore: Config.Host and Secure are for a URL that begins with a slash")
	case !isPath:
		return cfg.URL, nil
	case cfg.Host == "":
		return "", errors.New("httpcore: Config.Host is required for a URL that is only a path")
	}
	if ip, err := netip.ParseAddr(cfg.Host); err == nil && ip.Is6() {
		return "", fmt.Errorf(`httpcore: Config.Host %q: an IPv6 address has to be in brackets, as in "[::1]:8080"`, cfg.Host)
	}
	scheme := "http://"
	if cfg.Secure {
		scheme = "https://"
	}
	return scheme + zoned(cfg.Host, "%", "%25") + cfg.URL, nil
}

// zoned converts the zone in an IPv6 address: from and to are "%" and "%25", as in an address and in a URL, or the reverse.
func zoned(host, from, to string) string {
	if !strings.HasPrefix(host, "[") || strings.Contains(host, "%25") != (from == "%25") {
		return host
	}
	return strings.Replace(host, from, to, 1)
}

// hostField returns the field that names the host.
func (cfg *Config) hostField() string {
	if cfg.Host != "" {
		return "Host"
	}
	return "URL"
}

// isPort reports whether port is valid; "" is the scheme's.
func isPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

// header returns what all requests have of Header, with User-Agent and Content-Type.
func (cfg *Config) header() (http.Header, error) {
	header := http.Header{"User-Agent": {userAgent}}
	for name := range cfg.Header {
		if err := cfg.addHeader(header, name); err != nil {
			return nil, err
		}
	}
	if cfg.Method == http.MethodPost && header["Content-Type"] == nil {
		if !isHeaderValue(cfg.Envelope.ContentType) {
			return nil, errors.New("httpcore: Config.Envelope.ContentType has control characters")
		}
		header["Content-Type"] = []string{cfg.Envelope.ContentType}
	}
	return header, nil
}

// addHeader checks a header of cfg, and copies it to header.
func (cfg *Config) addHeader(header http.Header, name string) error {
	key, values := http.CanonicalHeaderKey(name), cfg.Header[name]
	_, twice := header[key]
	switch {
	case !isToken(name):
		return fmt.Errorf("httpcore: Config.Header: %q is no header name", name)
	case slices.Contains(notToBeSet, key):
		return fmt.Errorf("httpcore: Config.Header: %s is not to be set", key)
	case key == "Idempotency-Key" && cfg.Method != http.MethodGet && !cfg.OmitIdempotencyKey:
		return errors.New("httpcore: Config.Header: Idempotency-Key is made for each request, unless OmitIdempotencyKey is set")
	case twice && key != "User-Agent", key != name && cfg.Header[key] != nil:
		return fmt.Errorf("httpcore: Config.Header: %s is there twice, as %q too", key, name)
	case slices.ContainsFunc(values, func(v string) bool { return !isHeaderValue(v) }):
		return fmt.Errorf("httpcore: Config.Header: the value of %s has control characters", key)
	}
	header[key] = append([]string(nil), values...)
	return nil
}

// notToBeSet are the headers that each request gets from package http or from here.
var notToBeSet = []string{"Host", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Connection", "Trailer"}

// authorize moves credentials from Config and from u into header.
func (cfg *Config) authorize(u *url.URL, header http.Header) error {
	user := cfg.Credentials
	if u.User != nil {
		if user != nil {
			return errors.New("httpcore: Config.Credentials and those in URL exclude each other")
		}
		user, u.User = u.User, nil
	}
	if user == nil && cfg.Token == "" {
		return nil
	}
	if header["Authorization"] != nil {
		return errors.New("httpcore: Config.Credentials or Token, and a Header Authorization, exclude each other")
	}
	if cfg.Token != "" {
		if user != nil {
			return errors.New("httpcore: Config.Token and credentials in URL exclude each other")
		}
		if !isHeaderValue(cfg.Token) {
			return errors.New("httpcore: Config.Token has control characters")
		}
		scheme := cmp.Or(cfg.Envelope.TokenScheme, "Bearer")
		if !isToken(scheme) {
			return fmt.Errorf("httpcore: Config.Envelope.TokenScheme %q is no scheme: it is one word, as Bearer", scheme)
		}
		header.Set("Authorization", scheme+" "+cfg.Token)
		return nil
	}
	name, password := user.Username(), ""
	password, _ = user.Password()
	if strings.Contains(name, ":") || !isHeaderValue(name) || !isHeaderValue(password) {
		return errors.New("httpcore: Config.Credentials: a user with a colon, or control characters (RFC 7617)")
	}
	request := http.Request{Header: header}
	request.SetBasicAuth(name, password)
	return nil
}

// plainHeaders are headers that are known to give nobody any rights. Vendors' keys have any name, so all others count as secrets.
var plainHeaders = map[string]bool{
	"Accept": true, "Accept-Charset": true, "Accept-Encoding": true, "Accept-Language": true, "Cache-Control": true,
	"Content-Disposition": true, "Content-Language": true, "Content-Type": true, "Date": true, "Expect": true, "From": true,
	"Idempotency-Key": true, "Origin": true, "Pragma": true, "Prefer": true, "Priority": true, "Referer": true,
	"Traceparent": true, "Tracestate": true, "User-Agent": true, "Via": true, "X-Correlation-Id": true, "X-Request-Id": true,
}

// secretIn returns the name of a header that may give its reader the sender's rights; "" if there is none.
func secretIn(header http.Header) string {
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if !plainHeaders[name] {
			return name
		}
	}
	return ""
}

// isToken reports whether s is a token of RFC 9110, section 5.6.2.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// isHeaderValue reports whether s may be a header's value: it contains no line ending (RFC 9110, section 5.5).
func isHeaderValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return false
		}
	}
	return true
}
