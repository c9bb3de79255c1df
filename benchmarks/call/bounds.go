package call

import "example.com/zaphandlers/benchmarks/suite"

// What was promised of these rows.
func bounds() (bounds []suite.Bound) {
	ratio := func(claim, row string, atMost float64) {
		bounds = append(bounds, suite.Bound{Claim: claim, Of: suite.Value{Row: row, Unit: "ratio"}, AtMost: atMost})
	}
	for _, s := range shapes {
		table := "call, " + s.Name
		cores := []string{handler, inZaps}
		if s.Name == Child.Name { // in zap's core each field of With goes through an interface of zap's, and is encoded later
			cores = cores[:1]
		}
		for _, core := range cores {
			ratio(table+": "+core+", net, of zap's encoder", table+"/"+core+net, 0.40)
		}
		if s.Name == Child.Name { // whose With has to have memory
			continue
		}
		for _, core := range cores {
			bounds = append(bounds, suite.Bound{
				Claim: table + ": " + core + ", allocations beyond zap's own",
				Of:    suite.Value{Row: table + "/" + core, Less: table + "/" + nop, Unit: "allocs/op"}, None: true,
			})
		}
	}
	for _, s := range []Shape{Plain, Typical} {
		table := "call, " + s.Name
		ratio(table+": "+handler+", a whole call, of zerolog's, in turns", table+"/"+handler+whole, 1.4)
		bounds = append(bounds, suite.Bound{ // the mean, with the collections that zap's slices of fields cost
			Claim: table + ": " + handler + ", a whole call, of zerolog's",
			Of:    suite.Value{Row: table + "/" + handler}, Against: suite.Value{Row: table + "/" + zero}, AtMost: 1.4,
		})
		ratio("recording, "+s.Name+", of zap's JSON", "encode, "+s.Name+"/recording"+turns, 0.08)
	}
	return bounds
}
