// Package hosts tells names and addresses that a host may have from those that it cannot, before anybody looks them up, and connects to
// those that it has.
//
//	a name, an IP address ─► Fault ─┬─ "" : it is worth a look
//	                                └─ why there can be no such host
//
//	               ─► IsPort ─► whether it is a port whose host was forgotten
//
//	               ─► ASCII ─► as it is looked up
//
//	               ─► Resolver ─► its addresses, or a connection to the first of them that takes one
//
// Its contract: what Fault objects to, no resolver knows; whether there is such a host it does not say. ASCII makes of a host what
// package net looks up, or leaves it as it is. A Resolver keeps nobody longer than the context says; it leaves no connection behind, and
// until Close a lookup for a minute at most. It begins with the address behind one that it was told to Pass. LongestSocketPath bounds the
// path that stands in place of a host for a unix socket.
package hosts
