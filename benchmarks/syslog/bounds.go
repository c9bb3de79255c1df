package syslog

import "example.com/zaphandlers/benchmarks/suite"

// What was promised of these rows.
var bounds = []suite.Bound{
	{Claim: "making a message with four fields, of zap's JSON", Of: suite.Value{Row: "format/RFC 5424"}, Against: suite.Value{Row: "format/zap JSON"}, AtMost: 0.5},
	{Claim: "recording four fields and making a message of them, of zap's JSON", Of: suite.Value{Row: "format/record and RFC 5424, in turns with zap JSON", Unit: "ratio"}, AtMost: 0.45},
	{Claim: "the same, ten plain fields", Of: suite.Value{Row: "format/record and RFC 5424, ten plain fields, in turns with zap JSON", Unit: "ratio"}, AtMost: 0.45},
	{Claim: "the same, ten typical fields", Of: suite.Value{Row: "format/record and RFC 5424, ten typical fields, in turns with zap JSON", Unit: "ratio"}, AtMost: 0.45},
	{Claim: "srslog's message without fields, of ours with four", Of: suite.Value{Row: "format/srslog, no fields"}, Against: suite.Value{Row: "format/RFC 5424"}, AtLeast: 3},
	{Claim: "allocations for a message", Of: suite.Value{Row: "format/RFC 5424", Unit: "allocs/op"}, None: true},

	{Claim: "a call to unixgram, of log/syslog's", Of: suite.Value{Row: "call, unixgram/sysloghandler and log/syslog in turns", Unit: "ratio"}, AtMost: 1},
	{Claim: "a call to UDP, of log/syslog's", Of: suite.Value{Row: "call, udp/sysloghandler and log/syslog in turns", Unit: "ratio"}, AtMost: 1},
	{Claim: "a call to TCP, of log/syslog's", Of: suite.Value{Row: "call, tcp/sysloghandler and log/syslog in turns", Unit: "ratio"}, AtMost: 1},
	{Claim: "allocations for a call to unixgram", Of: suite.Value{Row: "call, unixgram/sysloghandler", Unit: "allocs/op"}, None: true},
	{Claim: "allocations for a call to UDP", Of: suite.Value{Row: "call, udp/sysloghandler", Unit: "allocs/op"}, None: true},
	{Claim: "allocations for a call to TCP", Of: suite.Value{Row: "call, tcp/sysloghandler", Unit: "allocs/op"}, None: true},

	{Claim: "log/syslog over TCP, of a record in a batch", Of: suite.Value{Row: "batch, tcp/log/syslog and sysloghandler in turns", Unit: "ratio"}, AtLeast: 10},
	{Claim: "log/syslog over TCP, of a ready message in a batch", Of: suite.Value{Row: "batch, tcp/log/syslog and ready messages in turns", Unit: "ratio"}, AtLeast: 10},
	{Claim: "log/syslog over TCP, of a record in a batch over RELP, acknowledged", Of: suite.Value{Row: "batch, tcp/log/syslog and sysloghandler, RELP, in turns", Unit: "ratio"}, AtLeast: 5},
	{Claim: "allocations for a record in a batch over RELP, the receiver's included", Of: suite.Value{Row: "batch, tcp/sysloghandler, RELP", Unit: "allocs/op"}, None: true},
	{Claim: "an entry of the journal, of a bare send of the same bytes", Of: suite.Value{Row: "journal/sysloghandler and a bare send of the same bytes in turns", Unit: "ratio"}, AtMost: 1.2},
	{Claim: "allocations for an entry of the journal", Of: suite.Value{Row: "journal/sysloghandler", Unit: "allocs/op"}, None: true},
	{Claim: "allocations for a record in a batch", Of: suite.Value{Row: "batch, tcp/sysloghandler", Unit: "allocs/op"}, None: true},
}
