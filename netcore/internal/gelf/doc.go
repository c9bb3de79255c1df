// Package gelf writes GELF 1.1, what Graylog reads: https://go2docs.graylog.org/current/getting_in_log_data/gelf.html.
//
//	{"version":"1.1","host":"…","short_message":"…","full_message":"…","timestamp":1763893230.123456789,"level":4,"_field":…}
//
//	Formatter   the message of a record: names made legal and distinct, values that are texts or numbers; compressed, if asked
//	AppendChunks   a message that is too large for a datagram, as up to 128 of them
//
// Its contract: what a Formatter appends is a JSON object with each member once, no member is called _id, no value is anything but a
// text or a number, and short_message is never blank, for there are receivers that refuse such a message. It costs no allocation for plain
// fields, compressed or not.
package gelf
