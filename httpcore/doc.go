// Package httpcore sends log records to web servers.
//
// A Core is a zapcore.Core for zap.New or a Tee. It formats a record on the goroutine that logs, makes one request of it, and
// tells by the answer what became of it:
//
//	                       2xx                  delivered
//	record ─► request ─►   3xx 408 425 429 5xx, *RetryError: later, after Retry-After; so too what follows here, to one
//	                       or no answer         record at least, if it has a Retry-After
//	                       400 413              smaller requests, if there is more than one record in it, down to the one at fault
//	                       any other 4xx, 501   *RejectedError: never
//
// Config.RetryOn and Config.SplitOn move statuses from one line to another. When 16 records in a row were refused alone
// with the same answer, four of those that are left are sent as a sample: if these are refused with it too, no single record is at fault,
// and all are refused.
//
// Without more it is Python's logging.handlers.HTTPHandler: Host, URL, Method and Secure, and the record as a form in the
// query of a GET or in the body of a POST. It differs where that handler blocks, loses or leaks: every request has a
// deadline, the answer counts, the connection is kept, and credentials do not travel over http unless asked to.
//
// What people point at HTTP today takes batches. An Envelope says how records lie in a body and how the answer is read:
// JSONLines, JSONArray, Elasticsearch (the _bulk API, judged item by item), Loki, Splunk (the HTTP event collector), OTLP
// (OpenTelemetry's logs, as protobuf or JSON), or one of your own, which is a value with eight fields.
//
// # In front of it, a queue
//
// The Core itself tries once and waits for the answer: a logger without a queue pays a round trip for each record. Package
// queuecore in front makes it asynchronous, hands it batches, and is the one place that retries. A request that got no
// answer is sent again under the same Idempotency-Key, so that a server can tell.
//
// What a record costs is its formatting, without an allocation; what a request costs is net/http's, about 80 allocations. So a
// batch of a thousand records costs less than one allocation for ten of them.
//
// After a timeout, a 5xx or a Retry-After the server is left alone for a while, and whatever is written meanwhile fails at
// once: no caller waits twice.
//
// # Names
//
// A backend refuses a document in which a member is there twice, or stores the one for the other: a field called message, a field
// of With that is logged again. So there is one rule for all envelopes, whatever encoder makes the document. Each value has a
// path: the names of the objects and namespaces around it and its own, joined by dots, so that "a.b" and b in a are one path.
// A path is there once, and none leads through a value that is no object. What the record itself has (message, level, time, ...)
// comes first and keeps its name, then the fields in the order in which they were given. One that would break the rule gets an
// underscore behind the part of its name that is in the way, and if that is taken too a number from 2 on:
//
//	zap.String("message", "a"), zap.Int("n", 1), zap.Int("n", 2), zap.Int("n", 3)   →   message_  n  n_  n_2
//
// A part of a name that is empty or blank becomes an underscore, because Elasticsearch and OTLP know no such names. Names that a
// backend keeps for itself (_id and its like in Elasticsearch, _msg, _time, _stream and _stream_id in VictoriaLogs) are treated as
// the record's own. In Elasticsearch's documents error is an object, as in the Elastic Common Schema: the text of zap.Error is
// error.message there and its type error.type, unless a field has that name; in OTLP exception.message and exception.type. The
// elements of an array have names of their own each.
//
// # Copies
//
// A server that does its work and then does not answer gets the same records again. Three things keep that from making copies
// without end: a batch that was not answered in time has twice as long the next time, up to Config.MaxTimeout; a request that is
// sent again has the Idempotency-Key that it had; and each of Elasticsearch's documents keeps its _id over all attempts, so that
// the second one is a conflict, which counts as delivered. Loki and Splunk have nothing of the kind, and a server that has stored half of a
// request which it then refuses (VictoriaLogs) has that half twice when the request is sent in halves.
//
// # Records at which a server fails
//
// A server may hang up, be silent, or say 5xx each time it meets one record (a poison record), and all that is behind it would wait
// for ever. So when a request of a batch has failed Config.SplitAfter times in a row without a word of when to come back, another record
// of the batch is sent alone. If that fails too, the server is down: nothing is split or refused, and all waits, until as many attempts
// later another record is sent. If it is taken, the server works, and the request goes in halves at once, each under an Idempotency-Key
// of its own, down to one record; each time something fails again, another record has to be taken first. The record that is found
// fails alone, then others are taken, then it fails twice, three times and so on, up to eight, and only then it is refused, counted and
// told as what a server refuses with 400. A few records overtake it. One that has no other behind it waits for one: a queue adds to a
// batch that is tried again what has come meanwhile. Two searches in a row at whose end everything was taken halve the size of requests, as
// 413 does. For a server that is down for some records only, as one with shards may be, set a SplitAfter that takes longer than that, or a
// negative one.
//
// # How the files hang together
//
//	core.go ─┬─ config.go, target.go       a Config, and what a URL and headers may be
//	         ├─ formatter.go               Python's form of a record; json.go, a document with distinct names
//	         └─ emitter.go ─┬─ transport.go   the client
//	                        ├─ body.go        a request's bytes
//	                        ├─ delivery.go    the requests of a batch, and what became of each:
//	                        │                 answer.go, split.go (too large), suspect.go (poison records)
//	                        └─ ids.go, key.go which record, and which request, it is when it is sent again
//	envelope.go ── elasticsearch.go, loki.go, otlp.go, splunk.go   a destination's form
//	internal/request                       one request: its steps, their deadlines, its attempts; and what net/http says by itself
//	internal/otlp                          records as protobuf and JSON
//
// # How long a call takes
//
//	call          waits for                                    at most
//	New           nothing                                      at once
//	Write         another call; connection, sending, answer    ConnectTimeout and twice Timeout
//	WriteBatch    the same, for each request of the batch      begins none after Timeout, or what it has grown to, but for one
//	                                                           record to see whether the server works; then as Write
//	Sync          another call                                 as that
//	Stats, Flush  another call                                 as that
//	Close         the request under way                        a second, then the request is ended
//
// Who waits for another call that ran into a timeout fails at once when that ends; calls that are answered in time come in turn, however
// many there are, so many goroutines and a slow server want a queue. The steps are bounded by the request's context: a
// Config.Client must heed it, as http.Transport does. Redirects, attempts that net/http makes by itself, 1xx answers and an
// answer without an end get no time of their own; 101 ends the request, because nobody asked for another protocol. Over HTTP/2 a server
// that goes away or refuses before it begins with a request gets it three times at most.
//
// # The standard library's logger
//
// Package net/http tells the standard library's logger when a server sends what it was not asked for, and says it on the goroutine that
// reads from the connection. Where that logger leads to this core (zap.RedirectStdLog, slog.SetDefault), a request would wait there for
// itself. So the record is refused, with an error, and what a buffer would send there stays in the buffer. Behind a queue it is sent, but
// only one of its kind in 10 s, because its own request may bring the next one.
//
// What the receivers that were run really do with what is sent to them is on the page docs/receivers.md of the repository.
package httpcore
