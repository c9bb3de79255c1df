package httpcore

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"example.com/zaphandlers/httpcore/internal/request"
)

const (
	maxAnswer    = 16 << 20 // bytes read of an answer for an Envelope's Read
	maxDrain     = 64 << 10 // bytes read and discarded so that the connection can be reused
	maxErrorText = 1 << 10  // bytes read of an answer for its error text

	keepAnswer = 1 << 20 // largest buffer kept for the next answer; Elasticsearch has an item for each record
)

// client returns the client for requests to host, and its transport if that is ours. query precedes the record in that of a GET.
func (cfg *Config) client(host string, header http.Header, query string) (*http.Client, *request.Transport) {
	var client http.Client
	var own *request.Transport
	if cfg.Client != nil {
		client = *cfg.Client
	} else {
		own = request.NewTransport(cfg.TLS, host, cfg.ConnectTimeout)
		client.Transport = own.Transport
	}
	secret := secretIn(header) != ""
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if cfg.FollowRedirects && len(via) <= 10 && safe(via[0], req, secret) {
			noReferer(req, via[0])
			if req.Method == http.MethodGet {
				keepRecord(req.URL, strings.TrimPrefix(via[0].URL.RawQuery, query))
			}
			return nil
		}
		return http.ErrUseLastResponse
	}
	return &client, own
}

// noReferer removes the Referer that net/http has set: it is the URL with its query, which may hold a key, and holds the record of a
// GET.
func noReferer(next, first *http.Request) {
	if own, ok := first.Header["Referer"]; ok {
		next.Header["Referer"] = own
	} else {
		delete(next.Header, "Referer")
	}
}

// keepRecord adds the record of a GET to the query of a redirect's target, unless the server has done so.
func keepRecord(u *url.URL, record string) {
	has := u.Query()
	values, _ := url.ParseQuery(record)
	for name, texts := range values {
		for _, text := range texts {
			if !slices.Contains(has[name], text) {
				u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+record, "&")
				return
			}
		}
	}
}

// safe reports whether a redirect keeps the method and the body, does not leave https, and takes no secret to another host. Redirects
// that may turn a POST into a GET are not followed by a GET either: they lead to pages for people, such as a login.
func safe(first, next *http.Request, secret bool) bool {
	status := next.Response.StatusCode
	return (status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect) && next.Method == first.Method &&
		(first.URL.Scheme != "https" || next.URL.Scheme == "https") &&
		(first.URL.Host == next.URL.Host || !secret)
}

// read reads as much of an answer as is needed, and then the rest, so that the connection can be reused.
func (e *emitter) read(resp *http.Response) *Answer {
	a := &e.reply
	*a = Answer{
		Status:    resp.StatusCode,
		Header:    resp.Header,
		After:     retryAfter(resp.Header, time.Now(), e.maxRetryAfter),
		target:    e.target,
		policy:    e.policy,
		errorText: e.envelope.errorText,
		path:      e.envelope.path,

		secrets: e.secrets,
	}
	want := 0
	switch {
	case a.Status == http.StatusSwitchingProtocols: // its body is the connection, which does not end
		return a
	case e.envelope.Read != nil:
		want = maxAnswer
	case a.Status >= 300:
		want = maxErrorText
	case isClickHouse(a.Header):
		want = maxDrain
	}
	e.answer, a.cut, a.failure = readUpTo(e.answer[:0], request.Unzipped(resp), want)
	a.Body = e.answer
	if cap(e.answer) > keepAnswer { // a long answer must not occupy its memory for ever
		e.answer = nil
	}
	if a.failure == nil && resp.Body != http.NoBody {
		_, _ = io.CopyN(io.Discard, resp.Body, maxDrain)
	}
	if a.Status < 300 && isClickHouse(a.Header) && clickHouseFailed(a, resp.Trailer) {
		a.Status = http.StatusInternalServerError
	}
	return a
}

// When ClickHouse reports its progress in headers it sends its 200 before it is done. A later failure is in the body, or breaks it off
// (HTTP interface, "HTTP response codes caveats"). It counts as the 500 that it would have been.
const (
	clickHouseHeader    = "X-Clickhouse-"
	clickHouseException = clickHouseHeader + "Exception-Code"
)

func isClickHouse(header http.Header) bool {
	for name := range header {
		if strings.HasPrefix(name, clickHouseHeader) {
			return true
		}
	}
	return false
}

// clickHouseFailed reports whether an answer that began with a 2xx failed, and makes the exception its Body.
func clickHouseFailed(a *Answer, trailer http.Header) bool {
	at := bytes.Index(a.Body, []byte("DB::Exception"))
	if at >= 0 { // "Code: 27. DB::Exception: …", behind what was already written
		a.Body = a.Body[max(0, bytes.LastIndex(a.Body[:at], []byte("Code:"))):]
	}
	return at >= 0 || a.failure != nil || a.Header.Get(clickHouseException) != "" || trailer.Get(clickHouseException) != ""
}

// readUpTo appends at most limit bytes of r to dst, and reports whether there were more.
func readUpTo(dst []byte, r io.Reader, limit int) (_ []byte, cut bool, err error) {
	for len(dst) < limit {
		if len(dst) == cap(dst) {
			dst = append(dst, 0)[:len(dst)]
		}
		n, err := r.Read(dst[len(dst):min(cap(dst), limit)])
		dst = dst[:len(dst)+n]
		if err == io.EOF {
			return dst, false, nil
		}
		if err != nil {
			return dst, false, err
		}
	}
	return dst, limit > 0, nil
}
