// Package request sends the bytes of a request to a server, within deadlines.
//
//	Deadlines.Begin ─► Step: connecting ─► sending ─► answering ─► End
//	                          └────── too long ──────► its context is done, Late returns which
//
//	                          └── too many attempts ─► the same
//
//	Attach ─► Payload, lent to the connection ─► Detach, whatever the connection still does
//
// Each step ends within its deadline. Lent memory is free again once Detach has returned. The same error has the same text each time.
// A Guard keeps net/http's own log messages from being sent by a request that would wait for itself.
package request
