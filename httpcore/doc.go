// Package httpcore sends log records to web servers.
//
// A Core is a zapcore.Core for zap.New or a Tee. It formats a record on the goroutine that logs, makes one request of it, and
// tells by the answer what became of it:
//
//	                       2xx                  delivered
//	record ─► request ─►   408 429 5xx, none    *RetryError: later, after Retry-After
//	                       413                  smaller requests, if there is more than one record in it
//	                       any other 4xx, 501   *RejectedError: never
//
// Without more it is Python's logging.handlers.HTTPHandler: Host, URL, Method and Secure, and the record as a form in the
// query of a GET or in the body of a POST. It differs where that handler blocks, loses or leaks: every request has a
// deadline, the answer counts, the connection is kept, and credentials do not travel over http unless asked to.
//
// What people point at HTTP today takes batches. An Envelope says how records lie in a body and how the answer is read:
// JSONLines, JSONArray, Elasticsearch (the _bulk API, judged item by item), Loki, Splunk (the HTTP event collector), OTLP
// (OpenTelemetry's logs as JSON), or one of your own, which is a value with seven fields.
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
// What the receivers that were run really do with what is sent to them is on the page docs/receivers.md of the repository.
package httpcore
