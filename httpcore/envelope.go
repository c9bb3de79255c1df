package httpcore

import (
	"net/http"
	"time"

	"example.com/zaphandlers/httpcore/internal/request"
	base "example.com/zaphandlers/zapcore"
)

// Envelope says how records lie in the body of a request, and how the answer is read:
//
//	Before  record  Between  record  Between  record  After
//
// Form, JSONLines, JSONArray, Elasticsearch, Loki, Splunk and OTLP return ready ones. One of your own is a value with the fields
// below. It must not change once it is in use.
type Envelope struct {
	// ContentType is sent with every body. Required.
	ContentType string
	// Before, Between and After are put around and between the records. Line breaks at the end of a record's part are removed first.
	Before, Between, After string
	// Formatter makes each record's part. Defaults to the Encoder or Formatter of Config.
	Formatter base.Formatter
	// OneByOne sends each record in a request of its own.
	OneByOne bool
	// TokenScheme precedes Config.Token in the Authorization header. Defaults to Bearer.
	TokenScheme string
	// Read returns the verdict of an answer; see Answer.Err for possible results. With a Read, an answer is read up to 16 MiB;
	// without one, only its beginning. Read runs under the core's lock, so it must not log to the core, and if it does not return the
	// core stops. Defaults to Answer.Err.
	Read func(a *Answer) error

	form       bool
	json       bool                                 // each record's part is JSON
	byStatus   bool                                 // a 2xx is final, whatever becomes of the answer's body
	oneLine    bool                                 // newlines inside a record become spaces
	head       func(dst []byte, records int) []byte // replaces Before if it depends on the size of the records
	identified *bulkFormatter                       // replaces Formatter, if that is its plain
	idAt       int                                  // where an id goes in each record's part; 0: nowhere
	retries    func(status int) bool                // replaces the second line of Answer.Err
	errorText  func(a *Answer) string               // returns the text of a failed answer that is not plain text
	path       string                               // of URLs, on which receivers listen
	err        error                                // of the function that made the Envelope, for New to return
}

// zero reports whether no field was set.
func (e *Envelope) zero() bool {
	return e.ContentType == "" && e.Before == "" && e.Between == "" && e.After == "" && e.Formatter == nil &&
		!e.OneByOne && e.TokenScheme == "" && e.Read == nil && e.err == nil
}

// Form returns the Envelope of Python's HTTPHandler: one request per record, which holds the record as a form, in the query of a GET
// or the body of a POST.
//
// Unless Config.MapRecord is set, the values are, in this order and as Python prints them (True, 0.5, CRITICAL): name, msg,
// levelname, levelno; pathname, filename, module, lineno and funcName if the caller is known; created, msecs; stack_info if there is
// a stack; and the record's fields. A logger without a name is root. A record without a time has the time of sending. A field in a
// namespace is namespace.field. No field can pass for an attribute (see "Names" in the package comment). Objects and arrays are JSON.
//
// Attributes that zap does not have (args, process, thread, …) are not sent. Many servers refuse a URL of more than 8 KiB, and the
// URL of a GET is longer than that for a record with a stack: use POST.
func Form() Envelope {
	return Envelope{
		ContentType: "application/x-www-form-urlencoded",
		Formatter:   form{},
		OneByOne:    true,
		form:        true,
	}
}

// JSONLines returns an Envelope with one record per line (application/x-ndjson). If an Encoder makes several lines of a record they
// are joined by spaces, so nothing in a record can pass for another one.
func JSONLines() Envelope {
	return Envelope{ContentType: "application/x-ndjson", Between: "\n", After: "\n", oneLine: true}
}

// JSONArray returns an Envelope with one JSON array per request. The Encoder must make JSON: New refuses one that does not, or whose
// own members have a name twice.
func JSONArray() Envelope {
	return Envelope{ContentType: "application/json", Before: "[", Between: ",", After: "]", json: true}
}

// Answer is a server's answer to one request.
type Answer struct {
	Status  int           // HTTP status, such as 204
	Header  http.Header   // read-only
	Body    []byte        // valid only during Read
	Records int           // in the request
	After   time.Duration // Retry-After, at most Config.MaxRetryAfter; 0 if there is none

	target    string // for errors: method and URL without query and credentials
	policy    policy
	errorText func(*Answer) string // of the Envelope
	path      string               // of the Envelope, if the request went to the root
	secrets   request.Secrets      // hidden in errors
	cut       bool                 // Body is not complete
	failure   error                // that ended reading Body
}
