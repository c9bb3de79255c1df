#!/usr/bin/env bash
# Python's pickle: protocols 0 and 1 refuse an integer that protocol 2 writes.
#
# Version: CPython 3.14.2, as npm's pyodide 314.0.7 under node 20 (3.11.7, 3.13.2 and 3.15.0rc1 do the same).
#
# Guessed: an int can be pickled in every protocol, as all its values could be since Python 2.
# Seen: protocols 0 and 1 write a large int in decimal, and so of more than 4300 digits (by default) raise the ValueError of str(int);
# protocol 2 writes its bytes. logging's SocketHandler sends protocol 1: a record with such an int among its extras is not sent.
#
#	protocol 0: ValueError
#	protocol 1: ValueError
#	protocol 2: the same
#	protocol 5: the same
#	SocketHandler: ValueError
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund pyodide@314.0.7 >/dev/null

cat >run.mjs <<'JS'
import { loadPyodide } from "pyodide";
const py = await loadPyodide();
py.runPython(`
import logging, logging.handlers, pickle
n = 16 ** 4000
for protocol in (0, 1, 2, 5):
    try: seen = "the same" if pickle.loads(pickle.dumps(n, protocol)) == n else "another"
    except ValueError as error: seen = type(error).__name__
    print("protocol %d:" % protocol, seen)
try:
    logging.handlers.SocketHandler("localhost", 9020).makePickle(logging.makeLogRecord({"msg": "m", "n": n}))
    print("SocketHandler: sends it")
except ValueError as error:
    print("SocketHandler:", type(error).__name__)
`);
JS
node run.mjs | tee output
diff - output <<'SEEN'
protocol 0: ValueError
protocol 1: ValueError
protocol 2: the same
protocol 5: the same
SocketHandler: ValueError
SEEN
