#!/usr/bin/env bash
# Python's pickle, protocols 0 to 2: an exception comes back as another class.
#
# Version: CPython 3.14.2, as npm's pyodide 314.0.7 under node 20 (3.11.7, 3.13.2 and 3.15.0rc1 do the same).
#
# Guessed: what pickle.dumps writes in any protocol, pickle.loads of the same Python reads as an object of the same class.
# Seen: with fix_imports, which is on by default, protocols 0 to 2 write the names that Python 2 had. It had one OSError and one
# ImportError, so a TimeoutError and a FileNotFoundError without an errno come back as OSError, a ModuleNotFoundError as
# ImportError, and "except TimeoutError" does not catch what was raised as one. logging's SocketHandler sends protocol 1.
#
#	protocol 1: TimeoutError -> OSError, FileNotFoundError -> OSError, ModuleNotFoundError -> ImportError
#	protocol 2: TimeoutError -> OSError, FileNotFoundError -> OSError, ModuleNotFoundError -> ImportError
#	protocol 3: TimeoutError -> TimeoutError, FileNotFoundError -> FileNotFoundError, ModuleNotFoundError -> ModuleNotFoundError
#	protocol 2 without fix_imports: TimeoutError -> TimeoutError
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund pyodide@314.0.7 >/dev/null

cat >run.mjs <<'JS'
import { loadPyodide } from "pyodide";
const py = await loadPyodide();
py.runPython(`
import pickle
errors = [TimeoutError("late"), FileNotFoundError("gone"), ModuleNotFoundError("none")]
name = lambda error: type(error).__name__
for protocol in (1, 2, 3):
    back = [pickle.loads(pickle.dumps(error, protocol)) for error in errors]
    print("protocol %d:" % protocol, ", ".join(name(a) + " -> " + name(b) for a, b in zip(errors, back)))
back = pickle.loads(pickle.dumps(errors[0], 2, fix_imports=False), fix_imports=False)
print("protocol 2 without fix_imports:", name(errors[0]), "->", name(back))
`);
JS
node run.mjs | tee output
diff - output <<'SEEN'
protocol 1: TimeoutError -> OSError, FileNotFoundError -> OSError, ModuleNotFoundError -> ImportError
protocol 2: TimeoutError -> OSError, FileNotFoundError -> OSError, ModuleNotFoundError -> ImportError
protocol 3: TimeoutError -> TimeoutError, FileNotFoundError -> FileNotFoundError, ModuleNotFoundError -> ModuleNotFoundError
protocol 2 without fix_imports: TimeoutError -> TimeoutError
SEEN
