// Command service is the library's main job, end to end: a service logs real traffic with zap, through one Tee into every
// destination there is, and afterwards each destination is read back and counted. Nothing may be missing.
//
//	go -C benchmarks run ./service                        # 100,000 requests to an HTTP server on a loopback port
//	go -C benchmarks run ./service -input FILE            # each line of a real log becomes a record; - is standard input
//	go -C benchmarks run ./service -rate 500 -requests 5000 -keep
//	go -C benchmarks run ./service -only 'RELP|Forward'   # these destinations, and nothing else
//	go -C benchmarks run ./service -durable /tmp/run      # kill -9 it, start it again, until it is done
//	go -C benchmarks run ./service -durable /tmp/run -nats embedded
//
// It exits 0 if every record that was logged is in every destination that wants it, exactly once and as it was logged, and 1
// if not, after naming the records that are missing, doubled or damaged. All destinations want all records but the flight
// recorder, which keeps what led to an error and what came after it. Ctrl-C ends the traffic early; what was logged until
// then is delivered and accounted for as ever. A second Ctrl-C ends the program. (go run says 1 after any Ctrl-C; go build
// first to see the exit code of an interrupted run.)
//
// With -durable the records go through an engine that outlives the process (durable.go): files of queuecore.Disk, or JetStream. However
// often that is killed and started again with the same flags, in the end each record is in each destination; more than once only those
// of the batch that a listener had in its hands, and those are counted against what is allowed. What had not reached the engine when the
// process was killed was in memory, and is logged again; what was confirmed and is gone would be called lost.
//
// # How the files hang together
//
//	          traffic.go, shop.go          rotating_file.go …
//	source ─┬─ HTTP on loopback ─┐        ┌─ destination ─┐
//	        └─ lines of a text ──┴─ meter ┴─ destination ─┴─ read back ── tally ── report
//	             lines.go        meter.go                               tally.go  report.go
//
// A source makes records and hands them to the meter, one after the other on many goroutines. The meter numbers each
// record, seals it with a checksum over all its values and times the logging call, beside the same call to a core that does
// nothing. Reading back, the tally keeps one bit a record: that is enough to find what is missing or doubled, and the
// checksum finds what is damaged.
//
// # A destination of your own
//
// A destination is one file with one type of four methods (see destination.go), and one line in the list there:
//
//	open      make it ready in a folder of its own, and return the core
//	close     deliver the rest, and release everything
//	stats     what the destination itself believes
//	readBack  give the tally what really arrived
//
// rotating_file.go is the shortest example. One that is a queue in front of a wire, with a receiver of the program's own, is a
// function for remote.go: relp.go, otlp.go, journal_linux.go, forward.go, gelf.go. A destination that sends records away starts its
// receiver in open and has it write JSON lines to a file in its folder; readBack is then t.readFiles. What arrives in another form
// goes to t.add as a record, with seq and sum among its fields. A destination that is not to hold every record has a fifth method,
// wants, which is what it is held to: flight_recorder.go.
package main
