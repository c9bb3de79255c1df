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

// Stats counts records.
type Stats = base.Stats

// RejectedError is the error of Write for a record that the server refused for good.
type RejectedError = base.RejectedError

// RetryError is the error of Write when the server is down or busy, or asked to wait.
type RetryError = base.RetryError

// ErrClosed is what Write returns after Close. It wraps os.ErrClosed.
var ErrClosed = base.ErrClosed

// Config says where and how records are sent. The zero value of each field is its default.
type Config struct {
	// Level selects the records that are sent. Defaults to all.
	Level zapcore.LevelEnabler
	// Encoder makes each record's part of the body, for envelopes without their own: JSONLines (the default once an Encoder is set),
	// JSONArray, and your own. It is copied. Defaults to zap's JSON with RFC 3339 times.
	Encoder zapcore.Encoder
	// Formatter makes each record's part where no Encoder can. It excludes Encoder.
	Formatter base.Formatter
	// Envelope says how records lie in a request, and how the answer is read: Form, JSONLines, JSONArray, Elasticsearch, Loki,
	// Splunk, OTLP, or one of your own. Defaults to JSONLines() if Encoder or Formatter is set, else to Form(), Python's.
	Envelope Envelope
	// MapRecord returns a record's form values, which are sent sorted by name (Python: mapLogRecord). It runs on the goroutine that
	// logs, and is only for Form. Defaults to Python's attributes and the record's fields; see Form.
	MapRecord func(ent zapcore.Entry, fields []zapcore.Field) url.Values

	// Host is the server, as host or host:port, for a URL that is only a path (Python: host). Required then.
	Host string
	// URL (Python: url) is an absolute http or https URL, or a path with an optional query ("/log?source=web"). Required.
	URL string
	// Secure selects https if Host is used (Python: secure).
	Secure bool
	// Method is GET or POST, in any case (Python: method). Only Form can use GET. Defaults to GET for Form, as in Python, else to
	// POST.
	Method string
	// Header is added to every request. It is copied, and its names and values are checked.
	Header http.Header
	// Credentials are sent as basic authentication (Python: credentials).
	//
	// Credentials, Token and each Header that may be a secret are refused over http, unless PlaintextCredentials is set. Because
	// vendors' keys have any name, a Header counts as a secret unless it is known to be plain, such as Accept, Content-Type,
	// User-Agent and Traceparent.
	Credentials *url.Userinfo
	// Token is sent as bearer authentication, or by the scheme that the Envelope names.
	Token string
	// PlaintextCredentials allows credentials, and headers that may be secrets, over http, where everyone on the way can read them.
	PlaintextCredentials bool
	// TLS configures https (Python: context). It is copied, and excludes Client. A function in it may take three quarters of
	// ConnectTimeout; one that logs to this core is stuck for that long. Defaults to the system's authorities and TLS 1.2 or later.
	TLS *tls.Config
	// Client makes the requests: for a proxy, a token that expires, or a unix socket. It is copied. Its Timeout counts in addition,
	// its CheckRedirect is replaced, and its transport stays the caller's to close. Code that runs in it must not log to this core.
	// Defaults to a client that keeps one connection, and uses the environment's proxy (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), which
	// Python's handler does not.
	Client *http.Client
	// FollowRedirects follows up to ten redirects that keep the method: 307 and 308. It never follows one from https to http, nor,
	// with credentials or a Header that may be a secret, one to another host. The record in the query of a GET is kept. Any other
	// redirect, and every redirect without FollowRedirects, is an error.
	FollowRedirects bool

	// Gzip compresses bodies of 1 KiB and more.
	Gzip bool
	// MaxBatchBytes is the largest body with more than one record, in bytes before compression. A larger record is sent alone. It is
	// halved permanently after a 413, and after a 400 if the server then takes all the parts. Defaults to 1 MiB.
	MaxBatchBytes int
	// MaxBatchRecords limits the records in a request (Datadog takes 1,000). Defaults to 0: no limit.
	MaxBatchRecords int
	// MaxRecordBytes limits one record's part of the body, in bytes. A larger record is refused for good, without being sent. It is
	// for receivers that drop such records silently, as VictoriaLogs does beyond 256 KiB. Defaults to 0: no limit.
	MaxRecordBytes int
	// OmitIdempotencyKey omits the Idempotency-Key header, by which a server can recognise a request that is sent again. GET requests
	// never have it. If a kept connection turns out to be closed, net/http itself resends a request that is a GET or has the header.
	OmitIdempotencyKey bool
	// ConnectTimeout bounds connecting: name lookup, dialling, proxy, TLS. Negative is no limit. A Client's transport has its own
	// timeouts. Defaults to the smaller of Timeout and 5 s, or to 5 s if Timeout is negative.
	ConnectTimeout time.Duration
	// Timeout bounds sending a request over a connection, and then again its answer to the last byte. So Write waits at most
	// ConnectTimeout and twice Timeout; a server that fails in one way only, such as not answering, costs Timeout once. A batch of
	// several requests begins none after Timeout, or what that has grown to. Defaults to 5 s. Negative is no limit.
	Timeout time.Duration
	// MaxTimeout limits the growth of Timeout for batches. Timeout is doubled when a server did not take or answer a batch in time: a
	// server that needs longer would get, and store, the same records with each attempt. Less than Timeout is no growth. Defaults to
	// 12 times Timeout.
	MaxTimeout time.Duration
	// RetryOn lists further statuses after which records are tried again, besides those of Answer.Err: 401 and 403 while a key is
	// renewed, 404 while an index is created, or while ClickHouse shuts down. They apply to the items of Elasticsearch's answers too.
	// Defaults to none.
	RetryOn []int
	// SplitOn lists further statuses that mean that something in the request cannot be taken, besides 400 and 413: the request is
	// sent in halves, down to the record at fault. ClickHouse answers 500. Defaults to none.
	SplitOn []int
	// SplitAfter is how many times in a row the server may fail at a request of a batch, without an answer or with a 5xx, before the
	// search for a poison record begins: see "Poison records" in the package comment. Negative is never. Defaults to 6: half a minute
	// of a queue's retries.
	SplitAfter int
	// MaxRetryAfter limits a server's Retry-After. Defaults to 5 min.
	MaxRetryAfter time.Duration
	// RetryStart, RetryFactor, RetryMax and RetryJitter say how long the server is left alone after it failed without a Retry-After.
	// Meanwhile writes fail at once. They default to 1 s, 2 and 30 s, as in Python's SocketHandler, without jitter.
	RetryStart  time.Duration
	RetryFactor float64
	RetryMax    time.Duration
	RetryJitter bool

	// OnError hears of failures that no caller waits for. Defaults to a line on stderr.
	OnError func(error)
}

// Core is a zapcore.Core that sends records to a web server, on the goroutine that logs, one request at a time. In addition to the
// methods of zapcore.Core it has
//
//	Close() error                                      gives the request under way 1 s, and closes the connection
//	Stats() Stats                                      what became of the records
//	WriteBatch(batch *base.Batch) (n int, err error)   many records in as few requests as MaxBatchBytes allows
//
// Put it behind a queue, which uses WriteBatch and retries. It is safe for concurrent use. With shares the connection.
type Core struct{ *base.Handler }

// New returns a Core. It does not connect: the first record does. An error names the field that is missing or wrong, and contains no
// credentials.
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
