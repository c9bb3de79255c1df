// Package cpython runs Python programs for tests under each CPython that can be had: the one of the machine, and the newest
// ones as WebAssembly, which are npm's package pyodide under node (scripts/peers.sh gets them).
//
//	cpython.Each(t, func(t *testing.T, py cpython.Interpreter) {
//		out := py.Run(t, cpython.Program{Source: "print(1)"})
//	})
//
// The WebAssembly ones have no threads and no processes, and their sockets lead nowhere. A program there may import the module wires,
// whose sockets are fakes: they note what is sent and answer as a server of HTTP or SMTP does (wires.py). Files are the host's,
// in the folders that a Program names; time zones are those of the host's database, and time.tzset, which is added, heeds TZ.
package cpython
