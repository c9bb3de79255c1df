package mail

import "example.com/zaphandlers/benchmarks/suite"

// bounds are what was promised.
var bounds = []suite.Bound{
	ofStandard("a mail on a connection that is kept", "plain, kept", 1.2),
	ofStandard("a mail on a connection that is kept, by STARTTLS", "STARTTLS, kept", 1.2),
	ofStandard("a mail on a connection of its own", "plain, dialled", 1.1),
	ofStandard("a mail on a connection of its own, by STARTTLS", "STARTTLS, dialled", 1.1),
	lost("plain, kept/mailcore"), lost("plain, dialled/mailcore"), lost("STARTTLS, kept/mailcore"), lost("STARTTLS, dialled/mailcore"),
	lost("digest/mailcore, 1,000"),
	{
		Claim:  "allocations a record in a digest of 1,000, the server's included and zap's encoder's not",
		Of:     suite.Value{Row: "digest/mailcore, 1,000", Less: "flood/zap's core to nowhere", Unit: "allocs/op"},
		AtMost: 1,
	},
	{
		Claim: "allocations of a record that the limit on mails holds, beyond those of zap's encoder",
		Of:    suite.Value{Row: "flood/mailcore, held", Less: "flood/zap's core to nowhere", Unit: "allocs/op"},
		None:  true,
	},
}

func ofStandard(what, table string, most float64) suite.Bound {
	return suite.Bound{
		Claim:   what + ", of net/smtp sending the same bytes",
		Of:      suite.Value{Row: table + "/mailcore"},
		Against: suite.Value{Row: table + "/net/smtp"},
		AtMost:  most,
	}
}

func lost(row string) suite.Bound {
	return suite.Bound{Claim: "mails lost: " + row, Of: suite.Value{Row: row, Unit: "lost/op"}, None: true}
}
