// Package cpython runs Python programs for tests under each available CPython: the machine's own, and the newest ones as WebAssembly,
// which is npm's package pyodide under node (scripts/peers.sh installs them).
//
//	cpython.Each(t, func(t *testing.T, py cpython.Interpreter) {
//		out := py.Run(t, cpython.Program{Source: "print(1)"})
//	})
//
// The WebAssembly ones have no threads, no processes, and no real sockets. A program there may import the module wires (wires.py), whose
// sockets are fakes: they note what is sent, and answer like an HTTP or SMTP server. A program may use the host's files in the
// folders that its Program names. Time zones come from the host's database, and time.tzset, which is added, obeys TZ.
package cpython
