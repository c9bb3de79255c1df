// Package jetstream is an engine for package queuecore that keeps records in NATS JetStream: in a server inside this process, with
// a folder and no port, or in a cluster.
//
//	engine, err := jetstream.New(jetstream.Config{Dir: "/var/lib/shop/logs"})
//	core, err := queuecore.NewHandler(engine, queuecore.Config{})
//	listener, err := queuecore.NewListener(engine, queuecore.ListenerConfig{Targets: queuecore.Targets(remote)})
//
// A program that was killed delivers what was not delivered when it starts again. With a URL instead of Dir the records
// are in a cluster, where other processes can read them.
//
// # How records lie in the stream
//
//	message   headers  Zaphandlers-Last: the number of the last record in it
//	                   Zaphandlers-Part: 2/3, where one record is larger than a message may be
//	                   Nats-Msg-Id: producer and serial number
//	          data     length (uint32, little-endian), tape, length, tape, …
//
// One message holds as many records of a batch as fit, and is stored whole or not at all. Each message is published with the sequence
// that it must follow, so the records of several processes have one order, and numbers without a gap. If the acknowledgement of a
// message does not come, the engine asks the stream whether it is stored before it appends anything else. So a leader that dies, or a
// server that is away for an hour, causes no lost, doubled or misplaced record.
//
// A cursor is one message in a second stream, whose name ends in _cursors: the number up to which its reader is done, and the sequence of
// the message that holds that record. There are no consumers, so nothing is delivered again because a target was slow: a reader asks for
// the message after its last one. Messages that every cursor has passed are purged, except the last one, which holds the count.
//
// # What may happen to a stream
//
//   - Messages of another program are reported and passed over. A cursor that another program has overwritten begins anew, with the
//     oldest record.
//   - A deleted stream is made again. A new stream of records is read from its beginning, and new cursors are written.
//   - A server may have fewer messages than before, after a loss of power or a restored copy. A reader then finds its place by the
//     numbers of the records, which go on whatever the sequences do.
//   - A server in this process that takes no more messages, as after a moment with a full disk, is restarted. So is one whose
//     folder was removed or moved.
//
// # What it promises
//
// Append returns nil when JetStream has acknowledged: the records are in a file of this server, or of a majority of the replicas. They
// survive the end of the process (kill -9). They survive a loss of power only with SyncAlways, which costs an fsync for each batch.
// A record comes twice only if a reader ends between its delivery and its acknowledgement.
//
// # Where to look next
//
//	config.go, engine.go                   Config, New, the two streams
//	append.go, appender.go, end.go         Append: publishing, what is known of the end of the stream
//	reader.go, cursorreader.go, cursor.go  Read and Ack: a reader, the stream of cursors
//	relocate.go, purge.go                  a stream that has changed; removing what all cursors have passed
//	message.go, apierror.go, server.go     records in a message; errors of a server; the server in this process, the connection
package jetstream
