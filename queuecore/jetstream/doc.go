// Package jetstream is an engine for package queuecore that keeps records in NATS JetStream: in a server inside this process, with
// a folder and no port, or in a cluster.
//
//	engine, err := jetstream.New(jetstream.Config{Dir: "/var/lib/shop/logs"})
//	core, err := queuecore.NewHandler(engine, queuecore.Config{})
//	listener, err := queuecore.NewListener(engine, queuecore.ListenerConfig{Targets: queuecore.Targets(remote)})
//
// A program that was killed and starts again delivers what was not delivered. With a URL in the place of the folder the records
// are in a cluster, where other processes can read them.
//
// # How records lie in the stream
//
//	message   headers  Zaphandlers-Last: the number of the last record in it
//	                   Zaphandlers-Part: 2/3, where one record is larger than a message may be
//	                   Nats-Msg-Id: producer and serial number
//	          data     length (uint32, little-endian), tape, length, tape, …
//
// One message holds as many records of a batch as fit, and is stored whole or not at all. Each is published with the sequence it
// must follow: so that there is one order although several processes append, and numbers without a gap. Whether a message whose
// acknowledgement did not come is stored, is asked of the stream before anything else is appended: a leader that dies, or a server
// that is away for an hour, costs no record, no copy and no place in the order.
//
// A cursor is one message in a second stream, whose name ends in _cursors: the number up to which its reader is done, and the
// message that holds it. There are no consumers, so nothing is delivered again because a target was slow: a reader asks for the
// message after the last. What every cursor is done with is purged, but for the last message, which holds the count.
//
// Messages and cursors of somebody else are told and passed. A stream that was deleted is made again; that of the cursors as well, and
// what is in one that was made anew is new to each reader. Where a server has less than it had, after a loss of power or from a copy, a
// reader goes on by the numbers of the records, which go on whatever the sequences do. A server in this process that has stopped taking
// messages, as it does once its disk was full for a moment, is restarted, and so is one whose folder was removed or moved.
//
// # What it promises
//
// Append returns nil when JetStream has acknowledged: in a file, of this server or of a majority of the replicas. That survives the
// end of the process (kill -9). It survives a loss of power only with SyncAlways, which asks for an fsync each time: for a batch at
// once, not for a record. A record comes twice only if a reader ends between delivering it and acknowledging it: the batch in its
// hands.
package jetstream
