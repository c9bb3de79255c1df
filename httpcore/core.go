package httpcore

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore/internal/request"
	base "example.com/zaphandlers/zapcore"
)

// Stats counts records; see its fields.
type Stats = base.Stats

// RejectedError is what Write returns for a record that the server refused for good.
type RejectedError = base.RejectedError

// RetryError is what Write returns when the server is down, busy, or asked for patience.
type RetryError = base.RetryError

// ErrClosed is what Write returns after Close. It wraps os.ErrClosed.
var ErrClosed = base.ErrClosed

// Config says where records go and how. The zero value of each field is its default.
type Config struct {
	// Level decides which records are taken. Defaults to everything.
	Level zapcore.LevelEnabler
	// Encoder makes each record's part of the body for the Envelopes that leave it open: JSONLines (the default once an
	// Encoder is given), JSONArray and those of your own. It is copied. Defaults to zap's JSON with RFC 3339 times.
	Encoder zapcore.Encoder
	// Formatter does so where no Encoder can. It excludes Encoder.
	Formatter base.Formatter
	// Envelope says how records lie in a request and how the answer is read: Form, JSONLines, JSONArray, Elasticsearch,
	// Loki, Splunk, OTLP, or one of your own. Defaults to Form(), Python's, or to JSONLines() if Encoder or Formatter is
	// given.
	Envelope Envelope
	// MapRecord makes the values of a form of each record; they are sent sorted by name. It is Python's mapLogRecord, runs
	// on the goroutine that logs, and goes with Form only. Defaults to Python's attributes and the record's fields; see
	// Form.
	MapRecord func(ent zapcore.Entry, fields []zapcore.Field) url.Values

	// Host is the server as host or host:port, for a URL that is only a path (Python: host). Required then.
	Host string
	// URL (Python: url) is a path with an optional query ("/log?source=web"), or an absolute http or https URL. Required.
	URL string
	// Secure asks for https where Host is used (Python: secure).
	Secure bool
	// Method is GET or POST, in any case (Python: method). Defaults to GET for Form, as in Python, to POST for all else, which
	// cannot go by GET.
	Method string
	// Header is added to every request. It is copied. Names and values are checked.
	Header http.Header
	// Credentials are sent as basic authentication (Python: credentials). They, Token and each Header that may be a secret are
	// refused over http unless PlaintextCredentials asks for that. A Header may be one unless it is known to be plain, as
	// Accept, Content-Type, User-Agent and Traceparent are: vendors' keys have any name.
	Credentials *url.Userinfo
	// Token is sent as bearer authentication, or by the scheme that the Envelope names.
	Token string
	// PlaintextCredentials lets credentials, and headers that may be secrets, travel over http, where everyone on the way can
	// read them.
	PlaintextCredentials bool
	// TLS configures https (Python: context). It is copied. Defaults to the system's authorities and TLS 1.2 or later. It
	// excludes Client. A function in it has three quarters of ConnectTimeout to return, and waits until then if it logs to this core.
	TLS *tls.Config
	// Client makes the requests, for a proxy, a token that expires, or a unix socket. It is copied; its Timeout counts
	// beside ours, its CheckRedirect is replaced, and its transport stays the caller's to close. What runs in it must not
	// log to this core. Defaults to one that keeps one connection, and goes by the proxy that the environment names (HTTPS_PROXY,
	// HTTP_PROXY, NO_PROXY), which Python's handler does not ask.
	Client *http.Client
	// FollowRedirects follows up to ten redirects that keep the method, so 307 and 308, but never one from https to http, nor,
	// with credentials or a Header that may be a secret, one to another host. The record in the query of a GET goes along. Without it,
	// and for 301, 302 and 303, a redirect is an error.
	FollowRedirects bool

	// Gzip compresses bodies of 1 KiB and more.
	Gzip bool
	// MaxBatchBytes is the largest body, before compression, that is made of more than one record. A record that is larger
	// goes alone. A server that answers 413 halves it for good, and one that answers 400 if it then takes all the parts. Defaults
	// to 1 MiB.
	MaxBatchBytes int
	// MaxBatchRecords is the most records in a request. Datadog takes 1,000. Defaults to 0: no limit.
	MaxBatchRecords int
	// MaxRecordBytes is the largest part of a body that one record may be; a larger one is refused for good, and not sent. For
	// receivers that drop it without a word, as VictoriaLogs does beyond 256 KiB. Defaults to 0: no limit.
	MaxRecordBytes int
	// OmitIdempotencyKey leaves out the Idempotency-Key header, by which a server can tell a request that is sent again.
	// GET requests never have it. A request that has it, or is a GET, is sent once more by net/http itself where a kept connection
	// turned out to be closed.
	OmitIdempotencyKey bool
	// ConnectTimeout is for the connection: name, dialling, proxy, TLS. Defaults to Timeout, but to 5 s at most, and where there is none;
	// negative is none. With a Client its transport has its own.
	ConnectTimeout time.Duration
	// Timeout is for sending a request once there is a connection, and then again for its answer, to the last byte. So Write
	// waits at most ConnectTimeout and twice Timeout, and for a server that does one thing only, such as not to answer, once. A
	// batch that takes several requests begins none after Timeout, or what it has grown to, has passed. Defaults to 5 s;
	// negative is none, for both.
	Timeout time.Duration
	// MaxTimeout is what Timeout grows to, for batches: it is doubled when a server did not take or answer one in time, because
	// one that needs longer would get, and store, the same records with each attempt. Defaults to 12 times Timeout; less than
	// Timeout is none of it.
	MaxTimeout time.Duration
	// RetryOn are further statuses after which records are tried again, beside those of Answer.Err: 401 and 403 while a key is
	// renewed, 404 while an index is made, or while ClickHouse ends. They count for the items of Elasticsearch's answers too.
	// Defaults to none.
	RetryOn []int
	// SplitOn are further statuses that say that something in the request cannot be taken, beside 400 and 413: it is sent in
	// halves, down to the record at fault. ClickHouse says 500. Defaults to none.
	SplitOn []int
	// SplitAfter is how many times in a row the server may fail at a request of a batch, without an answer or with a 5xx, before it is
	// asked for the cause: see Records at which a server fails, in the package's comment. Defaults to 6, which is half a minute of a
	// queue's retries; negative is never.
	SplitAfter int
	// MaxRetryAfter is the most that is believed of a server's Retry-After. Defaults to 5 min.
	MaxRetryAfter time.Duration
	// RetryStart, RetryFactor, RetryMax and RetryJitter say how long the server is left alone after it failed without a
	// Retry-After; writes fail at once meanwhile. They default to Python's 1 s, 2 and 30 s, without jitter.
	RetryStart  time.Duration
	RetryFactor float64
	RetryMax    time.Duration
	RetryJitter bool

	// OnError is told what no caller waits for. Defaults to a line on stderr.
	OnError func(error)
}

// Core is a zapcore.Core that sends records to a web server, in the goroutine that logs, one request at a time. Beside the
// methods of zapcore.Core it has
//
//	Close() error                                      gives the request under way a second, and releases the connection
//	Stats() Stats                                      what became of the records
//	WriteBatch(batch *base.Batch) (n int, err error)   many records in as few requests as MaxBatchBytes allows
//
// Put it behind a queue, which uses WriteBatch and retries. It is safe for concurrent use; With shares the connection.
type Core struct{ *base.Handler }

// New returns a Core. It does not connect: the first record does. An error names the field that is missing or wrong, and
// shows no credentials.
func New(cfg Config) (*Core, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	e, err := newEmitter(&cfg)
	if err != nil {
		return nil, err
	}
	h, err := base.NewHandler(base.HandlerConfig{
		Name:      "httpcore",
		Level:     cfg.Level,
		Formatter: request.NewGuard(cfg.Formatter),
		Emitter:   e,
		Backoff:   cfg.backoff(),
		Report:    base.NewReporter("httpcore", cfg.OnError),
	})
	if err != nil {
		return nil, err
	}
	return &Core{h}, nil
}
