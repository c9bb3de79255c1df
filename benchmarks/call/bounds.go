package call

import "example.com/zaphandlers/benchmarks/suite"

// What was promised of these rows.
func bounds() (bounds []suite.Bound) {
	for _, s := range shapes {
		table := "call, " + s.Name
		net := func(row string) suite.Value { return suite.Value{Row: table + "/" + row, Less: table + "/" + nop} }
		for _, core := range []string{handler, inZaps} {
			bounds = append(bounds,
				suite.Bound{Claim: table + ": " + core + ", net, of zap's encoder", Of: net(core), Against: net(zaps), AtMost: 0.40},
				suite.Bound{
					Claim: table + ": " + core + ", allocations beyond zap's own",
					Of:    suite.Value{Row: table + "/" + core, Less: table + "/" + nop, Unit: "allocs/op"}, None: true,
				})
		}
	}
	for _, s := range []Shape{Plain, Typical} {
		table := "call, " + s.Name
		bounds = append(bounds,
			suite.Bound{
				Claim: table + ": " + handler + ", a whole call, of zerolog's",
				Of:    suite.Value{Row: table + "/" + handler}, Against: suite.Value{Row: table + "/" + zero}, AtMost: 1.4,
			},
			suite.Bound{
				Claim: "recording, " + s.Name + ", of zap's JSON",
				Of:    suite.Value{Row: "encode, " + s.Name + "/recording"}, Against: suite.Value{Row: "encode, " + s.Name + "/zap's encoder"}, AtMost: 0.08,
			})
	}
	return bounds
}
