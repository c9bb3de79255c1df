// Package call measures the cost of a synchronous logging call whose record is encoded as JSON and discarded: with NewJSON's encoder and
// with zap's, beside zerolog, phuslu and slog.
//
//	go -C benchmarks run ./bench run call
//
// There are four calls. The plain one has ten fields of strings, numbers, a bool and a duration. The typical one is what a service
// logs when a request has failed: among the ten fields are an error, a time, a Stringer and a list of strings. The third has two
// fields, and a logger with ten more, which every package here encodes once. The fourth is the same with a logger of its own, made by
// With for that one call.
//
// Each row measures the whole call of a logger. The row of a Core that does nothing shows what zap takes before any core runs; that is
// subtracted where encoders are compared. The table "encode" has the encoders without a logger.
//
// Rows "in turns" compare the medians of turns of 50 µs. Other work of the machine does not disturb them, nor do garbage
// collections, which zap's slices of fields cause with all cores alike. The other rows are means.
//
// The fields cost the same in all rows: the Stringer and the error return texts that exist already.
package call
