// Package queue measures queuecore and buffercore beside the other ways to log without waiting: zap's BufferedWriteSyncer, a
// Core that copies fields to a channel, zerolog's diode, phuslu's AsyncWriter, slog over a channel, Python's QueueHandler and
// MemoryHandler; and beside zap without any of them.
//
// A call is one of the logger, ten fields, so zap's own part is in it; the rows of a Core that does nothing say what that is.
// There are two cores here: with two producers and a consumer three threads share them, and no row says how a queue scales to
// many cores. The diodes drop what they cannot hold: their rows say how much, and their times cannot be compared.
package queue
