package request

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Secrets are texts that must not appear in errors: some servers repeat in an answer what they were sent. The zero value is empty.
type Secrets struct{ replacer *strings.Replacer }

// The shortest secrets, in bytes. Shorter ones would be found inside ordinary words.
const (
	shortestSecret = 4
	shortestValue  = 6 // of a query, which holds other things too
)

// SecretsOf returns the secrets in the values of the headers that isPlain does not call plain, the keys in the path of u, and the
// values of its query.
func SecretsOf(header http.Header, isPlain func(name string) bool, u *url.URL) Secrets {
	texts := keysIn(u)
	for name, values := range header {
		for _, value := range values {
			if isPlain(name) {
				continue
			}
			_, credentials, _ := strings.Cut(value, " ")
			texts = append(texts, value, credentials)
			if plain, err := base64.StdEncoding.DecodeString(credentials); err == nil { // basic authentication
				_, password, _ := strings.Cut(string(plain), ":")
				texts = append(texts, password)
			}
		}
	}
	texts = slices.DeleteFunc(texts, func(s string) bool { return len(s) < shortestSecret })
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		if _, value, _ := strings.Cut(part, "="); len(value) >= shortestValue {
			texts = append(texts, value)
			if plain, err := url.QueryUnescape(value); err == nil {
				texts = append(texts, plain)
			}
		}
	}
	return secrets(texts)
}

func secrets(texts []string) Secrets {
	if len(texts) == 0 {
		return Secrets{}
	}
	slices.SortFunc(texts, func(a, b string) int { return len(b) - len(a) }) // longest first: one may be part of another
	pairs := make([]string, 0, 2*len(texts))
	for _, text := range texts {
		pairs = append(pairs, text, "…")
	}
	return Secrets{strings.NewReplacer(pairs...)}
}

// shortestKey is how many letters and digits in a row, with a digit among them, count as a key.
const shortestKey = 20

// keysIn returns the elements of a path that look generated, because some services put their keys there: UUIDs, and long runs of
// letters and digits.
func keysIn(u *url.URL) (keys []string) {
	for element := range strings.SplitSeq(u.EscapedPath(), "/") {
		if isUUID(element) {
			keys = append(keys, element)
			continue
		}
		for _, run := range strings.FieldsFunc(element, func(r rune) bool { return !isHex(r) && (r|' ' < 'g' || r|' ' > 'z') }) {
			if len(run) >= shortestKey && strings.ContainsAny(run, "0123456789") {
				keys = append(keys, run)
			}
		}
	}
	return keys
}

// isUUID reports whether s has the form of RFC 9562, section 4.
func isUUID(s string) bool {
	digits := 0
	for i, r := range s {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if r != '-' {
				return false
			}
		case !isHex(r):
			return false
		default:
			digits++
		}
	}
	return digits == 32
}

func isHex(r rune) bool { return '0' <= r && r <= '9' || 'a' <= r|' ' && r|' ' <= 'f' }

// Shown returns a URL for errors: without credentials, keys and query.
func Shown(u *url.URL) string {
	return u.Scheme + "://" + u.Host + secrets(keysIn(u)).Hide(u.EscapedPath())
}

// Hide returns text without the secrets.
func (s Secrets) Hide(text string) string {
	if s.replacer == nil {
		return text
	}
	return s.replacer.Replace(text)
}

// maxErrorText limits an error of net/http, in bytes: it may quote a header of any length.
const maxErrorText = 500

// HideIn is Hide for the text of an error, which it also shortens.
func (s Secrets) HideIn(err error) error {
	text := s.Hide(err.Error())
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + "…"
	}
	if text == err.Error() {
		return err
	}
	return &stableError{text: text, err: err}
}
