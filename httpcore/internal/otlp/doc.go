// Package otlp writes log records in OpenTelemetry's protocol (OTLP 1.x, Logs Data Model), as protobuf or as JSON, from a record directly
// into the body of a request.
//
//	ExportLogsServiceRequest ─► ResourceLogs ─► ScopeLogs ─┬─► LogRecord ─► KeyValue ─► AnyValue
//	└────────────── Request.Head ──────────────────────────┘   └─ Formatter.Append, once a record ─┘
//
// The bytes of a LogRecord begin with its tag in ScopeLogs, so records can simply be concatenated. The lengths of the messages around
// them are known when the records are, and Head is made then. Inside a record, the length of a text or a number is known before it
// is written; that of a list or an object is filled in afterwards.
//
// The output of a Formatter is valid for any record, byte for byte what OpenTelemetry's own types marshal to, and costs no
// allocation for plain fields. Package names makes the names of the record distinct first.
package otlp
