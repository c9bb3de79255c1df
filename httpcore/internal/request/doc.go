// Package request gets the bytes of a request to a server, and says in time how that ended.
//
//	Deadlines.Begin ─► Step: connecting ─► sending ─► answering ─► End
//	                          └────── too long ──────► its context is done, Late says which
//
//	                          └── too many attempts ─► the same
//
//	Attach ─► Payload, lent to the connection ─► Detach, whatever the connection still does
//
// Its contract: each step ends within its deadline; memory that is lent is nobody's any more once Detach has returned; and the
// same error has the same text each time. A Guard keeps net/http's own words from coming back to it.
package request
