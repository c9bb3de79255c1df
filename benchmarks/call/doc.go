// Package call measures what a synchronous logging call costs that is encoded as JSON and discarded: with NewJSON's encoder and
// with zap's, beside zerolog, phuslu and slog.
//
//	go -C benchmarks run ./bench run call
//
// There are four calls. The plain one has ten fields of strings, numbers, a bool and a duration. The typical one is what a service
// logs when a request has failed: among the ten fields are an error, a time, a Stringer and a list of strings. The third has two
// fields, and a logger with ten more, which every package here encodes once. The fourth is the same with a logger of its own, made by
// With for that one call.
//
// A call is a whole one, of a logger; what zap takes before any core runs is in the row of a Core that does nothing, and is taken
// off where encoders are compared. The table "encode" is the encoders without a logger.
//
// A row of two or three that are "in turns" compares the medians of turns of 50 µs: it does not mind what else the machine does,
// nor the collections of garbage, which zap's slices of fields cost beside all of its cores alike. The rows of one are means.
//
// What the fields themselves do is in all rows alike: the Stringer and the error return texts that are there.
package call
