// Package queue measures queuecore and buffercore beside the other ways to log without waiting: zap's BufferedWriteSyncer, a
// Core that copies fields to a channel, zerolog's diode, phuslu's AsyncWriter, slog over a channel, Python's QueueHandler and
// MemoryHandler; and beside zap without any of them.
//
// A call is a call of the logger with ten fields, so it includes zap's own part, which the rows of a Core that does nothing show.
// Calls are measured in bursts, and each burst is delivered before the next: ns/op is the mean of all, burst-ns the median burst. On
// a machine with two processors the kernel now and then runs the two busy threads on one of them; the mean includes the time that one
// then waits for the other.
//
// One table is a queue with several targets, each of which encodes the records itself. In its last row encoding costs nothing: the best
// that encoding once for all targets could reach.
//
// It is not measured how a queue scales to many processors: with two producers and a consumer, three threads share the processors of
// this machine. The diodes drop what they cannot hold: their rows show how much, and their times cannot be compared.
package queue
