// Package otlp writes log records as OpenTelemetry's protocol has them (OTLP 1.x, Logs Data Model), as protobuf or as JSON,
// straight from a record into the body of a request.
//
//	ExportLogsServiceRequest ─► ResourceLogs ─► ScopeLogs ─┬─► LogRecord ─► KeyValue ─► AnyValue
//	└────────────── Request.Head ──────────────────────────┘   └─ Formatter.Append, once a record ─┘
//
// A LogRecord's bytes begin with its tag in ScopeLogs, so that records laid end to end are what the message wants; the lengths of
// the messages around them are known when the records are, and Head is made then. Inside a record the length of a text or a
// number is known before it is written; that of a list or an object is filled in behind it.
//
// Its contract: what Formatter writes is valid for any record, byte for byte what OpenTelemetry's own types marshal to, and
// costs no allocation for plain fields. Names are those of the record it is given: package names makes them distinct first.
package otlp
