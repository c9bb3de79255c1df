// Package suite runs Go benchmarks in turns, in one process, so that other work of the machine affects all of them alike.
//
// A Suite is an area: files, the queue, sockets. Its Tables are comparisons: rows that do the same work in different ways,
// ours, those of rivals, and a floor such as the bare system call. In each round every row of a table has one turn, in odd
// rounds from the last to the first. A turn is one run of an ordinary benchmark with a fixed number of operations. The
// result is in Go's benchmark format, for benchstat, with a line for each row and round. The nth lines of two rows are of the same
// round; ratios are computed from these.
//
// It measures time as the caller sees it, and what the whole process allocates meanwhile, background goroutines included. A row that
// loses records reports how many beside its time. Not measured are other machines, more cores than this one has, and a network: peers
// are on the same machine, and share its cores with the senders.
package suite
