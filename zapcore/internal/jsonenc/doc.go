// Package jsonenc writes a logger's fields, and a record's tape, as JSON: what zap's encoder writes, byte for byte, in about a third of the
// time.
//
//	config.go  an EncoderConfig made ready: names escaped, zap's own functions known
//	head.go    the record: its entry by the config, members of With, then fields or nodes
//	fields.go  fields, without a tape but for those that run code of the program
//	writer.go  nodes and values; the PrimitiveArrayEncoder that the functions of an EncoderConfig write to
//	hook.go    what else zap's encoder is to such a function that asks for it
//	text.go    strings and keys, eight bytes at a time
//	number.go  integers, two digits at a time
//	float.go   floats of few digits without strconv
//	time.go    times whose second was written before
package jsonenc
