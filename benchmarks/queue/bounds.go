package queue

import "example.com/zaphandlers/benchmarks/suite"

// net is what a call costs in the median burst, less zap's own part.
func net(table, way string) suite.Value {
	return suite.Value{Row: table + "/" + way, Less: table + "/" + nop, Unit: "burst-ns"}
}

func value(row, unit string) suite.Value { return suite.Value{Row: row, Unit: unit} }

var bounds = []suite.Bound{
	{Claim: "a call, of zap's to discard", Of: net("producer, discard, 1", ours), Against: net("producer, discard, 1", synchronous), AtMost: 0.06},
	{Claim: "a call, of zap's to a file", Of: net("producer, file, 1", ours), Against: net("producer, file, 1", synchronous), AtMost: 0.05},
	{Claim: "a call, of a channel's", Of: net("producer, discard, 1", ours), Against: net("producer, discard, 1", channel), AtMost: 0.30},
	{Claim: "a call, two producers, of zap's to discard", Of: net("producer, discard, 2", ours), Against: net("producer, discard, 2", synchronous), AtMost: 0.30},
	{Claim: "a call, typical fields, of zap's to discard", Of: net("producer, discard, 1, typical", ours), Against: net("producer, discard, 1, typical", synchronous), AtMost: 0.08},
	{Claim: "the same, two producers", Of: net("producer, discard, 2, typical", ours), Against: net("producer, discard, 2, typical", synchronous), AtMost: 0.15},
	{
		Claim:   "a paced call, typical fields, median, of zap's",
		Of:      suite.Value{Row: "paced, typical/" + ours, Less: "paced, typical/" + nop, Unit: "p50-ns"},
		Against: suite.Value{Row: "paced, typical/" + synchronous, Less: "paced, typical/" + nop, Unit: "p50-ns"}, AtMost: 0.12,
	},
	{Claim: "a call, bytes beyond zap's own", Of: suite.Value{Row: "producer, discard, 1/" + ours, Less: "producer, discard, 1/" + nop, Unit: "allocs/op"}, None: true},
	{Claim: "a call with Spool, of one without", Of: value("producer, discard, 1/"+spooled, "burst-ns"), Against: value("producer, discard, 1/"+ours, "burst-ns"), AtMost: 1.15},
	{Claim: "a call with Spool, bytes beyond zap's own", Of: suite.Value{Row: "producer, discard, 1/" + spooled, Less: "producer, discard, 1/" + nop, Unit: "allocs/op"}, None: true},
	{Claim: "Core.Write, of zap's EncodeEntry", Of: value("Core.Write/queuecore", "burst-ns"), Against: value("Core.Write/zap EncodeEntry", ""), AtMost: 0.12},
	{Claim: "the same, typical fields", Of: value("Core.Write, typical/queuecore", "burst-ns"), Against: value("Core.Write, typical/zap EncodeEntry", ""), AtMost: 0.12},
	{
		Claim:   "a paced call, median, of zap's",
		Of:      suite.Value{Row: "paced/" + ours, Less: "paced/" + nop, Unit: "p50-ns"},
		Against: suite.Value{Row: "paced/" + synchronous, Less: "paced/" + nop, Unit: "p50-ns"}, AtMost: 0.15,
	},
	{Claim: "a paced call, p99, of a channel's", Of: value("paced/"+ours, "p99-ns"), Against: value("paced/"+channel, "p99-ns"), AtMost: 0.3},
	{Claim: "a paced call, p99, of phuslu's", Of: value("paced/"+ours, "p99-ns"), Against: value("paced/"+phuslu, "p99-ns"), AtMost: 0.3},
	{
		Claim: "the longest call when the sink stalls, of zap's",
		Of:    value("paced, the sink stalls/"+ours, "max-ns"), Against: value("paced, the sink stalls/"+synchronous, "max-ns"), AtMost: 0.1,
	},
	{Claim: "rate to a file, of zap's BufferedWriteSyncer", Of: value("sustained, file, 1/"+buffered, ""), Against: value("sustained, file, 1/"+ours, ""), AtLeast: 2.5},
	{Claim: "the same, two producers", Of: value("sustained, file, 2/"+buffered, ""), Against: value("sustained, file, 2/"+ours, ""), AtLeast: 2},
	{Claim: "rate to a file, of phuslu's AsyncWriter", Of: value("sustained, file, 1/"+phuslu, ""), Against: value("sustained, file, 1/"+ours, ""), AtLeast: 2.2},
	{Claim: "lost on the way to a file", Of: value("sustained, file, 2/"+ours, "lost-%"), None: true},
	{
		Claim:   "marking what is held, of copied fields",
		Of:      suite.Value{Row: "garbage collection, 65,536 records held/queuecore", Less: "garbage collection, 65,536 records held/none"},
		Against: suite.Value{Row: "garbage collection, 65,536 records held/copies of fields", Less: "garbage collection, 65,536 records held/none"}, AtMost: 0.02,
	},
	{Claim: "buffercore's Write, of recording", Of: value("Core.Write/buffercore", "burst-ns"), Against: value("Core.Write/recording", ""), AtMost: 1.25},
	{Claim: "the same, typical fields", Of: value("Core.Write, typical/buffercore", "burst-ns"), Against: value("Core.Write, typical/recording", ""), AtMost: 1.25},
	{Claim: "a call into a buffer, of Python's MemoryHandler", Of: value("beside Python/buffercore", ""), Against: value("beside Python/MemoryHandler", ""), AtMost: 0.08},
	{Claim: "a call through the queue, of spdlog's", Of: value("beside C++/queuecore", "burst-ns"), Against: value("beside C++/spdlog async", ""), AtMost: 0.65},
}
