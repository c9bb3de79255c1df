// Package http measures package httpcore beside net/http, which posts the same ready-made bytes and is the floor, beside
// OpenTelemetry's exporter and, for scale, Python's HTTPHandler. Its tests compare httpcore with OpenTelemetry's own decoder and bridge.
//
// It measures a record's share of a request, from the call to the end of the answer, with a server in the same process that reads
// everything and discards it. The server shares the cores with the sender, and its allocations count too. Not measured are a network,
// TLS, and a server that has work to do.
package http
