// Package fields reduces the fields of a record to the few kinds of value that destinations have.
//
//	Record ─ zap's encoder methods (40) ─► Walker ─ Values (16) ─► a form, labels, OTLP, MessagePack, GELF
//
// Its contract: a Values gets each field once, in order, on the goroutine that called Walker.Level, and keeps nothing of it. A reflected
// value is JSON text; Walker.Reflected splits it into the same kinds of value, exactly, and without an allocation for plain content.
package fields
