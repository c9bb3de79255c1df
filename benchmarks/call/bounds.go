package call

import "example.com/zaphandlers/benchmarks/suite"

// What was promised of these rows.
func bounds() (bounds []suite.Bound) {
	ratio := func(claim, row string, atMost float64) {
		bounds = append(bounds, suite.Bound{Claim: claim, Of: suite.Value{Row: row, Unit: "ratio"}, AtMost: atMost})
	}
	for _, s := range shapes {
		table := "call, " + s.Name
		for _, core := range []string{handler, inZaps} {
			ratio(table+": "+core+", net, of zap's encoder", table+"/"+core+net, 0.40)
			bounds = append(bounds, suite.Bound{
				Claim: table + ": " + core + ", allocations beyond zap's own",
				Of:    suite.Value{Row: table + "/" + core, Less: table + "/" + nop, Unit: "allocs/op"}, None: true,
			})
		}
	}
	for _, s := range []Shape{Plain, Typical} {
		ratio("call, "+s.Name+": "+handler+", a whole call, of zerolog's", "call, "+s.Name+"/"+handler+whole, 1.4)
		ratio("recording, "+s.Name+", of zap's JSON", "encode, "+s.Name+"/recording"+turns, 0.08)
	}
	return bounds
}
