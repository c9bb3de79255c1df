// Package queue measures queuecore and buffercore beside the other ways to log without waiting: zap's BufferedWriteSyncer, a
// Core that copies fields to a channel, zerolog's diode, phuslu's AsyncWriter, slog over a channel, Python's QueueHandler and
// MemoryHandler; and beside zap without any of them.
//
// A call is one of the logger, ten fields, so zap's own part is in it; the rows of a Core that does nothing say what that is.
// What a call costs is measured in bursts that are delivered between: ns/op is the mean of all, burst-ns the median burst. On
// a machine with two processors the kernel now and then puts the two threads that work on one of them, and the mean has
// what the one waits for the other then.
//
// One table is a queue with several targets, which encode each for itself; its last row, where encoding costs nothing, is what encoding
// once for all could come to at best.
//
// What is not measured: how a queue scales to many processors. With two producers and a consumer three threads share the
// processors there are here. The diodes drop what they cannot hold: their rows say how much, and their times cannot be compared.
package queue
