// Package backends tests the protocols of package httpcore, and Fluent Forward of package netcore, with real receivers:
// OpenTelemetry's own decoder, IBM's implementation of Forward with its handshake, and real backends, whose own queries show what they
// have stored.
//
//	records ─► queuecore ─► httpcore, netcore ─► wire ─► backend ─► its query ─► the same records?
//
// scripts/peers.sh builds or installs the backends, once, and exports where they are. A test whose backend is missing is skipped with
// the reason. Backends are started for each test, with empty folders, on loopback ports that the system chooses.
//
// TestSoak makes all of them fail in every way, together with the other remote cores and their receivers; -soak says for how long.
//
// It is a module of its own because its go.mod requires so much.
package backends
