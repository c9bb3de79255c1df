#!/usr/bin/env bash
# Pyodide under node: sockets connect to anything, send everything, and deliver nothing.
#
# Version: pyodide 314.0.7 (CPython 3.14.2) under node 20 (0.29.5 does the same).
#
# Guessed: WebAssembly has no sockets, so connect and getaddrinfo raise an OSError, and a program sees that its log goes nowhere.
# Seen: what Emscripten has in their place says that all went well. A name that cannot exist (RFC 2606) has an address, a port
# where nothing listens takes the connection, send returns the number of bytes; none of the calls raises, and nothing
# leaves the process.
#
#	the name that is none: 172.29.1.0
#	connected to port 1: ('127.0.0.1', 1)
#	sent over TCP: 5
#	sent over UDP: 5
#	SysLogHandler: no error
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund pyodide@314.0.7 >/dev/null

cat >run.mjs <<'JS'
import { loadPyodide } from "pyodide";
const py = await loadPyodide();
py.runPython(`
import logging, logging.handlers, socket
print("the name that is none:", socket.getaddrinfo("example.invalid", 80)[0][4][0])
tcp = socket.create_connection(("127.0.0.1", 1))
print("connected to port 1:", tcp.getpeername())
print("sent over TCP:", tcp.send(b"hello"))
print("sent over UDP:", socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"hello", ("127.0.0.1", 514)))
handler = logging.handlers.SysLogHandler(("127.0.0.1", 514))
failed = []
handler.handleError = failed.append
handler.emit(logging.makeLogRecord({"msg": "hello"}))
print("SysLogHandler:", "an error" if failed else "no error")
`);
process.exit(0);
JS
node run.mjs | tee output
diff - output <<'SEEN'
the name that is none: 172.29.1.0
connected to port 1: ('127.0.0.1', 1)
sent over TCP: 5
sent over UDP: 5
SysLogHandler: no error
SEEN
