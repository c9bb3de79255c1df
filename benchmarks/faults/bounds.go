package faults

import "example.com/zaphandlers/benchmarks/suite"

// bounds are what this module promises: in no round is a record lost silently, wherever a handler can know. Two rows have no
// bound. A netcore without Ack cannot know what a connection that was reset took along; it says to OnError that it may have
// been something. And a RotatingFile does not look whether others move its file: a WatchedFile does.
var bounds = promised(
	promise{"peer hangs up after each record", "netcore", all},
	promise{"peer hangs up after each record", "sysloghandler", all},
	promise{"server restarts", "queuecore, netcore", all},
	promise{"server restarts", "netcore", known},
	promise{"server restarts", "sysloghandler", known},
	promise{"peer resets 10 times", "netcore, Ack", known},
	promise{"peer resets 10 times", "netcore, Forward, Ack", known},
	promise{"peer resets 10 times", "sysloghandler, RELP", known},
	promise{"server restarts", "queuecore, httpcore", all},
	promise{"peer resets 10 times", "queuecore, httpcore", all},
	promise{"web server busy, then killed", "queuecore, httpcore", all},
	promise{"disk full for a while", "File", known},
	promise{"disk full for a while", "File, Buffer", known},
	promise{"disk full for a while", "RotatingFile", known},
	promise{"rotation refused for a while", "RotatingFile", all},
	promise{"file moved away and removed", "WatchedFile", all},
	promise{"copytruncate by logrotate", "File", all},
	promise{"copytruncate by logrotate", "RotatingFile", all},
	promise{"two writers on one file", "RotatingFile, Shared", all},
	promise{"two writers on one file", "RotatingFile", all},
	promise{"100 rotations at once", "RotatingFile", all},
	promise{"sink stalls during a burst", "queuecore", all},
	promise{"sink stalls during a burst", "queuecore, DropNewest", known},
)

// promise is what a handler promises to do with the records under a fault.
type promise struct {
	fault, handler string
	degree         degree
}

type degree int

const (
	known degree = iota // what does not arrive is reported
	all                 // all arrive
)

func promised(promises ...promise) (bounds []suite.Bound) {
	for _, p := range promises {
		row, name := p.fault+"/"+p.handler, p.fault+": "+p.handler
		if p.degree == known {
			bounds = append(bounds, suite.Bound{Claim: name + ", lost silently", Of: suite.Value{Row: row, Unit: "lost-silently"}, None: true, Always: true})
			continue
		}
		bounds = append(bounds, suite.Bound{
			Claim:   name + ", arrived of those sent",
			Of:      suite.Value{Row: row, Unit: "arrived"},
			Against: suite.Value{Row: row, Unit: "sent"},
			AtLeast: 1,
			Always:  true,
		})
	}
	return bounds
}
