// Package jsonenc writes a record's tape as JSON: what zap's encoder writes, byte for byte, in two fifths of the time.
//
//	head.go    the record: its entry by the EncoderConfig, then the nodes
//	writer.go  nodes and values; the PrimitiveArrayEncoder that the functions of an EncoderConfig write to
//	text.go    strings and keys, eight bytes at a time
//	float.go   floats of few digits without strconv
//	time.go    times whose second was written before
package jsonenc
