package http

import "example.com/zaphandlers/benchmarks/suite"

// bounds are what was promised.
var bounds = append([]suite.Bound{
	{
		Claim:   "the rate of batches of 1,000 ready-made records, of net/http posting the same bytes",
		Of:      suite.Value{Row: "post/1,000, net/http ready-made"},
		Against: suite.Value{Row: "post/1,000, httpcore ready-made"},
		AtLeast: 0.8,
	},
	{
		Claim:   "a record in a batch of 1,000 JSON lines, of zap's encoder and net/http by hand",
		Of:      suite.Value{Row: "post/1,000, httpcore JSON lines"},
		Against: suite.Value{Row: "post/1,000, zap's encoder and net/http"},
		AtMost:  1.1,
	},
	{
		Claim:   "the rate of batches of 1,000 ready-made records, of one POST a record",
		Of:      suite.Value{Row: "post/one, httpcore JSON"},
		Against: suite.Value{Row: "post/1,000, httpcore ready-made"},
		AtLeast: 50,
	},
	{
		Claim:   "the rate of batches of 1,000 records with their encoding, of one POST a record",
		Of:      suite.Value{Row: "post/one, httpcore JSON"},
		Against: suite.Value{Row: "post/1,000, httpcore JSON lines"},
		AtLeast: 50,
	},
	{
		Claim:   "one POST a record with its encoding, of net/http posting the same bytes",
		Of:      suite.Value{Row: "post/one, httpcore JSON"},
		Against: suite.Value{Row: "post/one, net/http ready-made"},
		AtMost:  1.1,
	},
	{
		Claim:   "one POST of a form a record, of url.Values and net/http by hand",
		Of:      suite.Value{Row: "post/one, httpcore form"},
		Against: suite.Value{Row: "post/one, url.Values and net/http"},
		AtMost:  1.1,
	},
	{
		Claim:   "a record in a batch of OTLP, of otelzap and otlploghttp",
		Of:      suite.Value{Row: "post/1,000, httpcore OTLP"},
		Against: suite.Value{Row: "OTLP/otelzap and otlploghttp", Less: "OTLP/zap nop"},
		AtMost:  0.1,
	},
	{
		Claim:  "a record in a batch of OTLP as protobuf, of the same as JSON",
		Of:     suite.Value{Row: "post/" + otlpInTurns, Unit: "ratio"},
		AtMost: 0.6,
	},
	{
		Claim:  "allocations for a record on the way to a collector, beyond zap's",
		Of:     suite.Value{Row: "OTLP/queuecore and httpcore", Less: "OTLP/zap nop", Unit: "allocs/op"},
		AtMost: 0.1,
	},
	{
		Claim: "records lost on the way to a collector",
		Of:    suite.Value{Row: "OTLP/queuecore and httpcore", Unit: "lost/op"},
		None:  true,
	},
}, allocations()...)

// allocations are those of a record: none of its part of a body, less than one of a request of 1,000.
func allocations() (all []suite.Bound) {
	rows := []string{"JSON lines"}
	for _, e := range envelopes {
		rows = append(rows, e.name)
		all = append(all, suite.Bound{
			Claim: "allocations for a record's part of a body: " + e.name,
			Of:    suite.Value{Row: "format/" + e.name, Unit: "allocs/op"},
			None:  true,
		})
	}
	for _, name := range rows {
		all = append(all, suite.Bound{
			Claim:  "allocations a record in a batch of 1,000, the server's included: " + name,
			Of:     suite.Value{Row: "post/1,000, httpcore " + name, Unit: "allocs/op"},
			AtMost: 1,
		})
	}
	return append(all, suite.Bound{
		Claim: "allocations for a record's part of a body: form",
		Of:    suite.Value{Row: "format/form", Unit: "allocs/op"},
		None:  true,
	})
}
