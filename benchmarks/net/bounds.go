package net

import "example.com/zaphandlers/benchmarks/suite"

// What was promised of these rows. An Emitter's own share of a call must be small beside the system call; a queue must make
// many records as cheap as one write allows.
var bounds = []suite.Bound{
	{Claim: "a ready frame over TCP, of a bare write", Of: suite.Value{Row: "emit, tcp/Emitter and write in turns", Unit: "ratio"}, AtMost: 1.15},
	{Claim: "a ready frame over UDP, of a bare write", Of: suite.Value{Row: "emit, udp/Emitter and write in turns", Unit: "ratio"}, AtMost: 1.15},
	{Claim: "a ready frame over unixgram, of a bare write", Of: suite.Value{Row: "emit, unixgram/Emitter and write in turns", Unit: "ratio"}, AtMost: 1.15},
	{Claim: "allocations for a ready frame over TCP", Of: suite.Value{Row: "emit, tcp/Emitter", Unit: "allocs/op"}, None: true},
	{Claim: "allocations for a ready frame over UDP", Of: suite.Value{Row: "emit, udp/Emitter", Unit: "allocs/op"}, None: true},
	{Claim: "allocations for a ready frame over unixgram", Of: suite.Value{Row: "emit, unixgram/Emitter", Unit: "allocs/op"}, None: true},

	{Claim: "a call that sends JSON over TCP, of log/syslog's", Of: suite.Value{Row: "call, tcp/netcore and log/syslog in turns", Unit: "ratio"}, AtMost: 0.9},
	{Claim: "a call that sends JSON over UDP, of log/syslog's", Of: suite.Value{Row: "call, udp/netcore and log/syslog in turns", Unit: "ratio"}, AtMost: 0.9},

	{Claim: "a call that sends Fluent Forward with Ack, of fluent-logger's with RequestAck", Of: suite.Value{Row: "call, tcp/netcore, Forward, Ack and fluent-logger, RequestAck in turns", Unit: "ratio"}, AtMost: 0.4},
	{Claim: "Fluent Forward through a queue, of a call of fluent-logger's", Of: suite.Value{Row: "queue, tcp/Forward, sustained"}, Against: suite.Value{Row: "call, tcp/fluent-logger"}, AtMost: 0.4},
	{Claim: "a call that sends Fluent Forward without an answer, of fluent-logger's", Of: suite.Value{Row: "call, tcp/netcore, Forward and fluent-logger in turns", Unit: "ratio"}, AtMost: 0.8},
	{Claim: "allocations of a call that sends Fluent Forward, beyond zap's", Of: suite.Value{Row: "call, tcp/netcore, Forward", Less: "call, tcp/zap alone", Unit: "allocs/op"}, None: true},

	{Claim: "a call that sends GELF over TCP, of go-gelf's", Of: suite.Value{Row: "call, tcp/netcore, GELF and go-gelf in turns", Unit: "ratio"}, AtMost: 0.8},
	{Claim: "a call that sends GELF over UDP, of go-gelf's", Of: suite.Value{Row: "call, udp/netcore, GELF and go-gelf in turns", Unit: "ratio"}, AtMost: 0.8},
	{Claim: "a call that sends GELF over UDP with gzip, of go-gelf's", Of: suite.Value{Row: "call, udp/netcore, GELF, gzip"}, Against: suite.Value{Row: "call, udp/go-gelf, gzip"}, AtMost: 0.4},
	{Claim: "allocations of a call that sends GELF over UDP, beyond zap's", Of: suite.Value{Row: "call, udp/netcore, GELF", Less: "call, udp/zap alone", Unit: "allocs/op"}, None: true},

	{Claim: "records out of a queue over TCP, of bytes framed by hand", Of: suite.Value{Row: "queue, tcp/records, backlog"}, Against: suite.Value{Row: "queue, tcp/framed by hand"}, AtMost: 4},
	{Claim: "records logged through a queue over TCP, less zap, of bytes framed by hand", Of: suite.Value{Row: "queue, tcp/records, sustained", Less: "queue, tcp/zap alone"}, Against: suite.Value{Row: "queue, tcp/framed by hand"}, AtMost: 4},
	{Claim: "JSON out of a queue over TCP, of bytes framed by hand", Of: suite.Value{Row: "queue, tcp/JSON, backlog"}, Against: suite.Value{Row: "queue, tcp/framed by hand"}, AtMost: 4},
	{Claim: "log/syslog over TCP, of records logged through a queue", Of: suite.Value{Row: "queue, tcp/log/syslog, JSON"}, Against: suite.Value{Row: "queue, tcp/records, sustained"}, AtLeast: 10},
	{Claim: "log/syslog over TCP, of records out of a queue", Of: suite.Value{Row: "queue, tcp/log/syslog, JSON"}, Against: suite.Value{Row: "queue, tcp/records, backlog"}, AtLeast: 10},
	{Claim: "records lost behind a queue over TCP", Of: suite.Value{Row: "queue, tcp/records, sustained", Unit: "lost/op"}, None: true, Always: true},

	{Claim: "nanoseconds a record by a Server: 500,000 in a second", Of: suite.Value{Row: "server, tcp/records"}, AtMost: 2000},
	{Claim: "records lost by a Server", Of: suite.Value{Row: "server, tcp/records", Unit: "lost/op"}, None: true, Always: true},
	{Claim: "Python's pickles by the receiver of Python's cookbook, of a Server", Of: suite.Value{Row: "server, tcp/pickles of Python's, by the receiver of its cookbook"}, Against: suite.Value{Row: "server, tcp/pickles of Python's"}, AtLeast: 15},
	{Claim: "pickles lost by a Server", Of: suite.Value{Row: "server, tcp/pickles", Unit: "lost/op"}, None: true, Always: true},

	{Claim: "nanoseconds of a call in front of a queue whose peer is stalled, at p99.9", Of: suite.Value{Row: "stalled peer/queue", Unit: "p99.9-ns"}, AtMost: 1e6},
}
