// Package backends holds the wires of package httpcore, and Fluent Forward of package netcore, against what is at their other
// end: OpenTelemetry's own decoder, IBM's implementation of Forward with its handshake, and real backends, which are asked by their
// own queries what they have.
//
//	records ─► queuecore ─► httpcore, netcore ─► wire ─► backend ─► its query ─► the same records?
//
// scripts/peers.sh builds the backends, or installs them, once, and says where they are in variables of the environment; a test
// whose backend cannot be had skips with the reason. They are started anew for each test, with empty folders, on ports of the
// loopback that the system chooses.
//
// TestSoak has all of them fail in every way, with the other remote cores and their receivers beside httpcore; -soak says for how
// long.
//
// It is a module of its own because of what is in its go.mod.
package backends
