// Package fields gives the fields of a record as the few kinds of value that a destination can be told.
//
//	Record ─ zap's encoder methods (40) ─► Walker ─ Values (16) ─► a form, labels, OTLP, MessagePack, GELF
//
// Its contract: a Values is told each field once, in order, in the goroutine that called Walker.Level, and keeps nothing that
// it is given. A reflected value is a text of JSON; Walker.Reflected takes it apart, exactly and without an allocation for
// plain content.
package fields
