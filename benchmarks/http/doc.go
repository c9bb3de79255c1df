// Package http measures package httpcore beside net/http, which posts the same bytes ready-made and is the floor, beside
// OpenTelemetry's exporter and, for scale, Python's HTTPHandler; and holds what httpcore is compared with in tests:
// OpenTelemetry's own decoder and bridge.
//
// What is measured: a record's share of a request, from the call to the end of the answer, with a server in the same process
// that reads everything and forgets it. The server shares the cores with the sender, and its allocations count too. What is
// not measured: a network, TLS, and a server that has work to do.
package http
