// Package httpcore sends log records to web servers: Python's HTTPHandler as a zapcore.Core, and batches for log stores.
//
//	core, err := httpcore.New(httpcore.Config{
//		URL:      "https://es.example.com/logs-shop/_bulk",
//		Envelope: httpcore.Elasticsearch(httpcore.ElasticsearchConfig{}),
//		Token:    apiKey,
//	})
//	if err != nil {
//		return err
//	}
//	defer core.Close()
//	logger := zap.New(core)    // better: behind a queue of package queuecore
//
// A [Core] formats a record on the goroutine that logs, sends it in a request, and takes the answer as the verdict on the record:
//
//	                       2xx                  delivered
//	record ─► request ─►   3xx 408 425 429 5xx, *RetryError: later, after Retry-After. Also the answers below, if they have a
//	                       or no answer         Retry-After; 400 and 413 only for a request of one record
//	                       400 413              smaller requests, if it had more than one record, down to the one at fault
//	                       any other 4xx, 501   *RejectedError: never
//
// Config.RetryOn and Config.SplitOn move statuses from one line to another. If 16 records in a row were each refused alone with the
// same answer, four of the remaining ones are sent as samples. If these are refused with it too, no single record is at fault, and all
// are refused.
//
// By default a Core is Python's logging.handlers.HTTPHandler: Host, URL, Method and Secure, and the record as a form in the query
// of a GET or the body of a POST. It differs where that handler blocks, loses or leaks: every request has a deadline, the
// answer counts, the connection is kept, and credentials travel over http only if asked to.
//
// Log stores take batches. An [Envelope] says how records lie in a body and how the answer is read: [JSONLines], [JSONArray],
// [Elasticsearch] (the _bulk API, judged item by item), [Loki], [Splunk] (the HTTP event collector), [OTLP] (OpenTelemetry's logs, as
// protobuf or JSON), or one of your own, which is a value with eight fields.
//
// # Put a queue in front
//
// The Core tries once and waits for the answer, so a logger without a queue pays a round trip for each record. Package queuecore in
// front makes it asynchronous, hands it batches, and is the one place that retries. A request without an answer is sent again
// under the same Idempotency-Key, so that a server can recognise it.
//
// Formatting a record allocates nothing. A request costs what net/http needs, about 80 allocations: in a batch of a thousand
// records that is less than one allocation for ten records.
//
// After a timeout, a 5xx or a Retry-After the server is left alone for a while. Whatever is written meanwhile fails at once, so no
// caller waits twice.
//
// # Names
//
// A document may have two fields of one name: a field called message, a field of With that is logged again. A backend refuses such a
// document, or stores one value in place of the other. So one rule holds for all envelopes and all encoders:
//
//   - A value has a path: the names of the objects and namespaces around it and its own name, joined by dots. So "a.b" and b in a are
//     one path.
//
//   - Each path occurs once, and none leads through a value that is not an object.
//
//   - The record's own values (message, level, time, …) come first and keep their names. Fields follow in the order in which they
//     were given.
//
//   - A field that would break the rule gets an underscore behind the part of its name that is in the way, and if that is taken too, a
//     number from 2 on.
//
// For example:
//
//	zap.String("message", "a"), zap.Int("n", 1), zap.Int("n", 2), zap.Int("n", 3)   →   message_  n  n_  n_2
//
// An empty or blank part of a name becomes an underscore, because Elasticsearch and OTLP do not accept it. Names that a backend
// reserves (_id and the like in Elasticsearch, _msg, _time, _stream and _stream_id in VictoriaLogs) count as the record's own. In
// Elasticsearch's documents error is an object, as in the Elastic Common Schema: error.message is the text of zap.Error and
// error.type its type, unless a field has that name; in OTLP they are exception.message and exception.type. Each element of an
// array has its own set of names.
//
// # Duplicates
//
// A server that stores records and then does not answer gets them again. Three things limit the duplicates:
//
//   - A batch that was not answered in time gets twice as long the next time, up to Config.MaxTimeout.
//   - A request that is sent again keeps its Idempotency-Key.
//   - An Elasticsearch document keeps its _id over all attempts, so the second attempt is a conflict, which counts as delivered.
//
// Loki and Splunk have nothing of the kind. A server that stores half of a request and then refuses it (VictoriaLogs) has that half twice
// when the request is sent in halves.
//
// # Poison records
//
// A poison record is one at which a server hangs up, is silent, or answers 5xx each time. Everything behind it would wait for ever. So
// when a request of a batch has failed Config.SplitAfter times in a row, without a Retry-After, another record of the batch is sent alone:
//
//   - If that fails too the server counts as down. Nothing is split or refused, and everything waits; after as many further attempts
//     another record is sent again.
//   - If it is taken the server works. The request goes in halves at once, each under its own Idempotency-Key, down to one record. Before
//     each further split another record must be taken.
//   - The single record that is found must fail alone, then again twice, three times and so on, up to eight, with others taken in
//     between. Only then it is refused, counted and reported, like a record that a server refuses with 400.
//
// A few records overtake it. A poison record with nothing behind it waits for other records: a queue adds what has arrived to
// a batch that it retries. If two searches in a row end with everything taken, the size was at fault, and requests are halved, as after
// a 413. A server that is down for some records only, such as one with shards, may look the same: set a SplitAfter that takes longer
// than its outages, or a negative one.
//
// # How long calls take
//
//	call          waits for                                    at most
//	New           nothing                                      at once
//	Write         another call; connection, sending, answer    ConnectTimeout and twice Timeout
//	WriteBatch    the same, for each request of the batch      begins no request after Timeout, or what that has grown to,
//	                                                           except one record to test the server; then as Write
//	Sync          another call                                 as that call
//	Stats, Flush  another call                                 as that call
//	Close         the request under way                        1 s, then the request is ended
//
// If a call runs into a timeout, all calls waiting behind it fail at once. Calls that are answered in time take turns, however many
// there are: many goroutines and a slow server need a queue.
//
// The request's context bounds the steps, so a Config.Client must obey it, as http.Transport does. Redirects, net/http's own
// retries, 1xx answers and endless answers get no extra time. A 101 ends the request, because nobody asked for another protocol. Over
// HTTP/2, a request is sent at most three times to a server that goes away, or refuses it, before it begins with it.
//
// # The standard library's logger
//
// Package net/http writes to the standard library's logger when a server sends something unsolicited. It does so on the goroutine that
// reads from the connection. If that logger leads to this core (zap.RedirectStdLog, slog.SetDefault), a request made there would wait for
// itself. So such a record is refused with an error, and a buffer that would be flushed there keeps its records. Behind a queue the
// record is sent, but only one of its kind in 10 s, because its own request may provoke the next.
//
// # Where to look next
//
//	core.go ─┬─ config.go, target.go       a Config's checks; what a URL and headers may be
//	         ├─ formatter.go               Python's form of a record; json.go: a document with distinct names
//	         └─ emitter.go ─┬─ transport.go   the client
//	                        ├─ body.go        a request's bytes
//	                        ├─ delivery.go    the requests of a batch, and the verdicts:
//	                        │                 answer.go, split.go (too large), poison.go (poison records)
//	                        └─ ids.go, key.go recognising a record, and a request, that is sent again
//	envelope.go ── elasticsearch.go, loki.go, otlp.go, splunk.go   the forms of the destinations
//	internal/request                       one request: its steps, their deadlines, its attempts; net/http's own messages
//	internal/otlp                          records as protobuf and JSON
//
// The page docs/receivers.md of the repository shows what real receivers do with what is sent to them.
package httpcore
