package size

import "example.com/zaphandlers/benchmarks/suite"

// bounds are what was promised.
var bounds = []suite.Bound{
	{
		Claim:  "a program with zap and a RotatingFile, bytes beyond one with zap alone",
		Of:     suite.Value{Row: "program/zap and a RotatingFile", Less: "program/zap alone", Unit: "bytes"},
		AtMost: 350 << 10,
	},
	{
		Claim:  "a queue that has had no record, bytes of heap and stacks",
		Of:     suite.Value{Row: "memory/new queue", Unit: "bytes"},
		AtMost: 64 << 10,
	},
	{
		Claim:  "a process with a full queue of 32 MiB, resident bytes",
		Of:     suite.Value{Row: "memory/full queue", Unit: "bytes"},
		AtMost: 40 << 20,
	},
}
