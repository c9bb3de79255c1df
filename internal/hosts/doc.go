// Package hosts checks the names and addresses of hosts before they are looked up, and connects to the addresses of a host.
//
//	a name, an IP address ─► Fault ─┬─ "" : the host may exist
//	                                └─ why there can be no such host
//
//	               ─► IsPort ─► whether it is a port whose host was forgotten
//
//	               ─► ASCII ─► the form in which it is looked up
//
//	               ─► Resolver ─► its addresses, or a connection to the first of them that accepts one
//
// No resolver knows a host that Fault rejects; whether another host exists, Fault does not say. ASCII returns what package net looks up, or
// leaves the host unchanged. A Resolver never blocks longer than its context. It leaves no connection behind, and until Close a lookup for
// a minute at most. After Pass it begins with the next address. LongestSocketPath bounds the path that a unix socket has in place of a
// host.
package hosts
