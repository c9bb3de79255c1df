#!/usr/bin/env bash
# Pyodide: an OSError with Linux's number for "no such file" is a PermissionError.
#
# Version: pyodide 314.0.7 (CPython 3.14.2) under node 20 on Linux (0.29.5 and 315.0.0-alpha.2 do the same).
#
# Guessed: sys.platform is "emscripten", a Unix with musl's headers, so ENOENT is 2 and OSError(2, …) is a FileNotFoundError.
# Seen: the numbers are those of WASI, in the order of the alphabet: 2 is EACCES, 44 is ENOENT. An OSError that was pickled on Linux, where
# its class is written in protocols below 3 as OSError and its number decides, comes back as another error.
#
#	ENOENT is 44, EACCES is 2
#	OSError(2, "No such file or directory") is a PermissionError
#	the pickle of Linux's FileNotFoundError is a PermissionError
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund pyodide@314.0.7 >/dev/null

cat >run.mjs <<'JS'
import { loadPyodide } from "pyodide";
const py = await loadPyodide();
py.runPython(`
import errno, pickle
print("ENOENT is %d, EACCES is %d" % (errno.ENOENT, errno.EACCES))
print('OSError(2, "No such file or directory") is a', type(OSError(2, "No such file or directory")).__name__)
linux = b"cexceptions\\nOSError\\n(K\\x02X\\x19\\x00\\x00\\x00No such file or directorytR."
print("the pickle of Linux's FileNotFoundError is a", type(pickle.loads(linux)).__name__)
`);
JS
node run.mjs | tee output
diff - output <<'SEEN'
ENOENT is 44, EACCES is 2
OSError(2, "No such file or directory") is a PermissionError
the pickle of Linux's FileNotFoundError is a PermissionError
SEEN
