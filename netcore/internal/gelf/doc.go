// Package gelf writes GELF 1.1, the format of Graylog: https://go2docs.graylog.org/current/getting_in_log_data/gelf.html.
//
//	{"version":"1.1","host":"…","short_message":"…","full_message":"…","timestamp":1763893230.123456789,"level":4,"_field":…}
//
//	Formatter      makes the message of a record: valid, distinct names; values as strings or numbers; compressed, if configured
//	AppendChunks   splits a message that is too large for a datagram into up to 128 chunks
//
// A Formatter appends a JSON object in which each member occurs once, none is called _id, each value is a string or a number, and
// short_message is never blank, because some receivers refuse such a message. It allocates nothing for plain fields, even when it
// compresses.
package gelf
