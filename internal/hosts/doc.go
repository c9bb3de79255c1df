// Package hosts tells names and addresses that a host may have from those that it cannot, before anybody looks them up.
//
//	a name, an IP address ─► Fault ─┬─ "" : it is worth a look
//	                                └─ why there can be no such host
//
// Its contract: what Fault objects to, no resolver knows; whether there is such a host it does not say.
package hosts
