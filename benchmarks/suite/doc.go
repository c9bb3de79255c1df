// Package suite runs Go benchmarks in turns, in one process, so that whatever else the machine does falls upon all of them
// alike.
//
// A Suite is an area: files, the queue, sockets. Its Tables are comparisons: rows that do the same work in different ways,
// ours, those of rivals, and a floor such as the bare system call. In each round every row of a table has its turn, in odd
// rounds from the last to the first; a row's turn is one run of an ordinary benchmark with a fixed number of operations. The
// result is written in Go's benchmark format, a line a row and round, so that benchstat reads it; lines of the same place are
// of the same round, which is what ratios are made from.
//
// What is measured: time as the caller sees it, and what the whole process allocated meanwhile, a background goroutine's
// memory included. What a row loses it reports beside its time. What is not measured: other machines than this one, more than
// its cores, and a network: peers are on the same machine, and share its cores with whoever sends to them.
package suite
