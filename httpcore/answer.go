package httpcore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.uber.org/multierr"

	"example.com/zaphandlers/httpcore/internal/request"
	base "example.com/zaphandlers/zapcore"
)

// StatusError is an answer that was not 2xx. errors.As finds it in the errors of Write and WriteBatch.
type StatusError struct {
	Target string // method and URL, without query, credentials and anything in the path that looks like a key
	Status int    // of HTTP, such as 503
	Text   string // the beginning of the answer, on one line, at most 200 bytes, without secrets that were sent
}

// Error implements error.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("httpcore: %s: %d %s", e.Target, e.Status, http.StatusText(e.Status))
	if e.Text != "" {
		text += ": " + e.Text
	}
	return text
}

// Err returns what the answer means by its status alone:
//
//	2xx                                   nil: all records are delivered; from ClickHouse like a 500, if an exception follows it
//	3xx, 408, 425, 429, 5xx but 501       *RetryError: none is delivered, all may be tried again, after Retry-After
//	400, 413                              *RejectedError; a request of more than one record is tried again in halves, down to
//	                                      the record at fault
//	all other 4xx, 501                    *RejectedError: all are refused for good
//	the last two with Retry-After         *RetryError, for the server says that it is about now; with 400 and 413 for one record only
//
// Config.RetryOn and Config.SplitOn move a status to the second or the third line. An Envelope's Read may return other verdicts: a
// *RejectedError that names some of the records, a *RetryError that names some, or both, joined by multierr. Of two, the one that
// names no records is about all that the other does not name. Any other error counts as a *RetryError.
func (a *Answer) Err() error {
	switch {
	case a.Status >= 200 && a.Status < 300:
		return nil
	case a.policy.again(a.Status) || a.policy.temporary(a):
		return &base.RetryError{After: a.After, Err: a.err()}
	default:
		return a.Reject(a.err())
	}
}

// Reject returns an error that refuses all records of the request for good.
func (a *Answer) Reject(err error) *RejectedError {
	all := make([]int, a.Records)
	for i := range all {
		all[i] = i
	}
	return &base.RejectedError{Indexes: all, Err: err}
}

// err returns the answer as an error.
func (a *Answer) err() error {
	e := &StatusError{Target: a.target, Status: a.Status}
	if a.errorText != nil {
		e.Text = a.errorText(a)
	} else {
		e.Text = a.excerpt(a.Body)
	}
	if a.Status == http.StatusSwitchingProtocols {
		e.Text = "nobody has asked for another protocol"
	}
	if a.path != "" && (a.Status == http.StatusNotFound || a.Status == http.StatusMethodNotAllowed) {
		e.Text = strings.TrimPrefix(fmt.Sprintf("%s; Config.URL has no path, where most listen at %s", e.Text, a.path), "; ")
	}
	if location := a.Header.Get("Location"); location != "" && a.Status >= 300 && a.Status < 400 {
		e.Text = "to another place; Config.FollowRedirects is off, or not for this one: it follows 307 and 308, and neither to http nor, with credentials, to another host"
	}
	return e
}

// decode reads Body as JSON into v.
func (a *Answer) decode(v any) error {
	if err := a.complete(); err != nil {
		return err
	}
	return a.malformed(json.Unmarshal(bytes.TrimPrefix(a.Body, byteOrderMark), v))
}

var byteOrderMark = []byte("\ufeff") // at the beginning of some servers' answers

// number is an integer in JSON, which some servers write as a string, or with a decimal point.
type number int

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "null" {
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > math.MaxInt32 {
		return fmt.Errorf("no integer: %.40q", text)
	}
	*n = number(f)
	return nil
}

// boolean is a bool in JSON, which some servers write as a string, or as 1 and 0.
type boolean bool

// UnmarshalJSON implements json.Unmarshaler.
func (v *boolean) UnmarshalJSON(b []byte) error {
	switch strings.Trim(string(b), `"`) {
	case "true", "1":
		*v = true
	case "false", "0":
		*v = false
	default:
		return fmt.Errorf("neither true nor false: %.40q", b)
	}
	return nil
}

// malformed adds the target and an excerpt to err, an error of decoding Body; nil stays nil.
func (a *Answer) malformed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("httpcore: %s: %d, but %w: %s", a.target, a.Status, err, a.excerpt(a.Body))
}

// htmlPage returns an error for a page of HTML, which a proxy sends to someone who must log in first. No receiver of records answers
// so.
func (a *Answer) htmlPage() error {
	if !bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(a.Body, byteOrderMark)), []byte("<")) {
		return nil
	}
	return &base.RetryError{After: a.After, Err: fmt.Errorf("httpcore: %s: %d, but with a page for people: %s", a.target, a.Status, a.excerpt(a.Body))}
}

// complete returns an error if Body is not the whole answer.
func (a *Answer) complete() error {
	switch {
	case a.failure != nil:
		return fmt.Errorf("httpcore: %s: %d, then: %w", a.target, a.Status, request.Stable(a.failure))
	case a.cut:
		return fmt.Errorf("httpcore: %s: an answer of more than %d bytes", a.target, maxAnswer)
	}
	return nil
}

// excerpt returns the beginning of b, as one line of text, without our secrets.
func (a *Answer) excerpt(b []byte) string {
	const most = 200
	text := a.secrets.Hide(string(b[:min(len(b), maxErrorText)]))
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == unicode.ReplacementChar
	}), " ")
	if len(text) <= most {
		return text
	}
	end := most
	for end > 0 && text[end]&0xc0 == 0x80 { // not inside a rune
		end--
	}
	return text[:end] + "…"
}

// retryAfter returns the duration in Retry-After (RFC 9110, section 10.2.3), which is in seconds or a date, but at most most. A date
// is compared with the server's own Date, so the clocks need not agree.
func retryAfter(header http.Header, now time.Time, most time.Duration) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return min(most, time.Duration(min(seconds, uint64(most/time.Second)+1))*time.Second)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return min(most, max(0, at.Sub(now)))
}

// verdict joins those errors that name records.
func verdict(rejected *base.RejectedError, again *base.RetryError) (err error) {
	if len(rejected.Indexes) > 0 {
		err = rejected
	}
	if len(again.Indexes) > 0 {
		err = multierr.Append(err, again)
	}
	return err
}

func firstOf(first, err error) error {
	if first != nil {
		return first
	}
	return err
}
