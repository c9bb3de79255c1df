// Package jsonenc writes the fields of a call, or the tape of a record, as JSON: the same bytes as zap's encoder, in about a third of the
// time.
//
//	config.go  a prepared EncoderConfig: names escaped, zap's own functions recognized
//	head.go    a record: its entry, the members of With, then fields or nodes
//	fields.go  fields; only those that run code of the program need a tape
//	writer.go  nodes and values; the PrimitiveArrayEncoder for the functions of an EncoderConfig
//	hook.go    the other encoder interfaces that such a function may use
//	text.go    strings and keys, eight bytes at a time
//	number.go  integers, two digits at a time
//	float.go   floats of few digits without strconv
//	time.go    times in the same second as the one before
package jsonenc
