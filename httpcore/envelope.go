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
// Form, JSONLines, JSONArray, Elasticsearch, Loki, Splunk and OTLP return ready ones; one of your own is a value with the
// fields below. It is immutable once it is in use.
type Envelope struct {
	// ContentType is sent with every body. Required.
	ContentType string
	// Before, Between and After are put around and between the records. A newline that ends a record's part is taken off
	// first, so that an Encoder's does not matter.
	Before, Between, After string
	// Formatter makes each record's part. Defaults to the Encoder or Formatter of Config.
	Formatter base.Formatter
	// OneByOne sends a request for each record.
	OneByOne bool
	// TokenScheme goes before Config.Token in the Authorization header. Defaults to Bearer.
	TokenScheme string
	// Read says what an answer means; see Answer.Err for what it may return. It runs under the core's lock: it must not log to it,
	// and one that does not return stops the core. Defaults to Answer.Err. With a Read the whole answer is read, up to 16 MiB,
	// without one its first words.
	Read func(a *Answer) error

	form       bool
	json       bool                                 // each record's part is JSON
	byStatus   bool                                 // an answer of 2xx says enough, whatever becomes of its body
	oneLine    bool                                 // newlines inside a record become spaces
	head       func(dst []byte, records int) []byte // in place of Before, where that depends on how many bytes of records follow
	identified *bulkFormatter                       // in place of Formatter, where that is its plain
	idAt       int                                  // where in each record's part an id goes; 0: nowhere
	retries    func(status int) bool                // in place of Answer.Err's second line
	words      func(a *Answer) string               // what an answer says to people, if that is no text
	path       string                               // at which receivers listen
	err        error                                // of the function that made it, for New to return
}

// zero tells whether nothing was set.
func (e *Envelope) zero() bool {
	return e.ContentType == "" && e.Before == "" && e.Between == "" && e.After == "" && e.Formatter == nil &&
		!e.OneByOne && e.TokenScheme == "" && e.Read == nil && e.err == nil
}

// Form returns the Envelope of Python's HTTPHandler: one request a record, the record as the values of a form, in the query of a
// GET or the body of a POST. Unless Config.MapRecord says otherwise they are, in this order and with Python's texts (True, 0.5,
// CRITICAL): name, msg, levelname, levelno, then pathname, filename, module, lineno and funcName if the caller is known, created,
// msecs, stack_info if there is a stack, and the record's fields. The name of a logger without one is root. A record without a time
// has that of its sending. A field in a namespace is named namespace.field; no field can pass for an attribute (see Names in the
// package's comment); objects and arrays are JSON.
//
// What Python's records have and zap's do not (args, process, thread, ...) is not sent. Many servers refuse a URL of more than 8 KiB, as
// that of a GET is for a record with a stack: a POST has room.
func Form() Envelope {
	return Envelope{
		ContentType: "application/x-www-form-urlencoded",
		Formatter:   form{},
		OneByOne:    true,
		form:        true,
	}
}

// JSONLines returns an Envelope of one record a line (application/x-ndjson). Should an Encoder make several lines of a record,
// they are joined by spaces, so that nothing in a record can pass for another one.
func JSONLines() Envelope {
	return Envelope{ContentType: "application/x-ndjson", Between: "\n", After: "\n", oneLine: true}
}

// JSONArray returns an Envelope of one JSON array a request. The Encoder must make JSON; New refuses one that does not, or that has two
// members of one name itself.
func JSONArray() Envelope {
	return Envelope{ContentType: "application/json", Before: "[", Between: ",", After: "]", json: true}
}

// Answer is a server's answer to one request.
type Answer struct {
	Status  int           // of HTTP, such as 204
	Header  http.Header   // not to be changed
	Body    []byte        // valid only during Read
	Records int           // in the request
	After   time.Duration // what Retry-After asks for, at most Config.MaxRetryAfter; 0 if nothing

	target  string // for errors: method and URL without query and credentials
	policy  policy
	words   func(*Answer) string // of the Envelope
	path    string               // at which receivers of the Envelope listen, if the request went to the root
	secrets request.Secrets      // that words do not show
	cut     bool                 // Body is not all there was
	failure error                // that ended the reading of Body
}
