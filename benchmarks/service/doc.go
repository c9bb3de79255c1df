// Command service does the library's main job, end to end: a service logs real traffic with zap, through one Tee into every
// destination there is. Afterwards each destination is read back and counted. Nothing may be missing.
//
//	go -C benchmarks run ./service                        # 100,000 requests to an HTTP server on a loopback port
//	go -C benchmarks run ./service -input FILE            # each line of a real log becomes a record; - is standard input
//	go -C benchmarks run ./service -rate 500 -requests 5000 -keep
//	go -C benchmarks run ./service -only 'RELP|Forward'   # these destinations, and nothing else
//	go -C benchmarks run ./service -durable /tmp/run      # kill -9 it, start it again, until it is done
//	go -C benchmarks run ./service -durable /tmp/run -nats embedded
//
// It exits with 0 if every record that was logged is in every destination that wants it, exactly once and as it was logged. Else it
// names the records that are missing, doubled or damaged, and exits with 1. All destinations want all records, except the flight
// recorder, which keeps what led to an error and what came after it.
//
// Ctrl-C ends the traffic early; what was logged until then is delivered and counted as usual. A second Ctrl-C ends the program.
// (go run exits with 1 after any Ctrl-C; use go build to see the exit code of an interrupted run.)
//
// With -durable the records go through an engine that outlives the process (durable.go): files of queuecore.Disk, or JetStream. Kill the
// process and start it again with the same flags, as often as you like: in the end each record is in each destination. A record is there
// twice only if it was in the batch that a listener was delivering; these copies are counted against what is allowed. Records that had
// not reached the engine were only in memory, and are logged again. A record that was confirmed and is gone counts as lost.
//
// # How the files hang together
//
//	          traffic.go, shop.go          rotating_file.go …
//	source ─┬─ HTTP on loopback ─┐        ┌─ destination ─┐
//	        └─ lines of a text ──┴─ meter ┴─ destination ─┴─ read back ── tally ── report
//	             lines.go        meter.go                               tally.go  report.go
//
// A source makes records and hands them to the meter, on several goroutines. The meter numbers each record, adds a checksum over all
// its values, and times the logging call, beside the same call to a core that does nothing. While reading back, the tally keeps one
// bit a record: that is enough to find what is missing or doubled. The checksum finds what is damaged.
//
// # A destination of your own
//
// A destination is one file with one type of four methods (see destination.go), and one line in the list there:
//
//	open      opens the destination in a folder of its own, and returns the core
//	close     delivers the rest, and releases everything
//	stats     returns the destination's own counts
//	readBack  gives the tally what really arrived
//
// rotating_file.go is the shortest example. A queue in front of a protocol, with a receiver inside this program, is only a function for
// remote.go: relp.go, otlp.go, journal_linux.go, forward.go, gelf.go.
//
// A destination that sends records away starts its receiver in open, and the receiver writes JSON lines to a file in the folder; readBack
// is then t.readFiles. Records that arrive in another form go to t.add, with seq and sum among their fields. A destination that does not
// want every record has a fifth method, wants, which says which it wants: flight_recorder.go.
package main
