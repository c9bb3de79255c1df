#!/usr/bin/env bash
# CPython 3.11: how a member of an Enum is pickled depends on the patch release. 3.11.2 (Debian 12) and 3.11.3 write the name, as a getattr of the
# class, in each protocol; 3.11.7 writes the value, as 3.6 to 3.10 and 3.12 to 3.14 do (changed by GH-105519 after 3.11.4). Where the
# reader's class has other names for the values, what a 3.11.3 wrote is another member or no member; where it has other values for the
# names, it is the other way about. And who lets pickle look up only the classes that it knows meets builtins.getattr.
#
# Compared: npm's pyodide 0.25.1 (3.11.3) and 314.0.7 (3.14.2) under node 20. What is installed here is shown only.
. "$(dirname "$0")/lib.sh"
needs node npm
for version in 0.25.1 314.0.7; do
	mkdir $version
	(cd $version && npm install --silent --no-audit --no-fund pyodide@$version >/dev/null) || { echo "not run: npm install pyodide@$version"; exit 2; }
done

cat >write.py <<'PYTHON'
import enum, pickle, pickletools, sys


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


def write():
    pickled = pickle.dumps(Level.LOW, 1)
    args = [arg for op, arg, _ in pickletools.genops(pickled) if op.name in ("GLOBAL", "BINUNICODE", "BININT1")]
    return "%d.%d.%d" % sys.version_info[:3] + " writes %s" % args, pickled.hex()


print(write()[0])
PYTHON
cat >read.py <<'PYTHON'
import enum, pickle, sys


def read(pickled, **members):
    sys.modules["__main__"].Level = enum.Enum("Level", members, module="__main__")
    try:
        return str(pickle.loads(bytes.fromhex(pickled)))
    except Exception as e:
        return type(e).__name__


def reads(pickled):
    print("  where %d.%d.%d reads it:" % sys.version_info[:3], "with LOW and HIGH exchanged", read(pickled, LOW=2, HIGH=1), end=", ")
    print("with LOW called MINOR", read(pickled, MINOR=1, HIGH=2), end=", ")
    print("with LOW as 10", read(pickled, LOW=10, HIGH=20))
PYTHON
cat >run.mjs <<'JS'
import fs from "fs";
const pythons = [];
for (const version of ["0.25.1", "314.0.7"]) {
  const { loadPyodide } = await import(`${process.cwd()}/${version}/node_modules/pyodide/pyodide.mjs`);
  pythons.push(await loadPyodide());
}
for (const writer of pythons) {
  writer.runPython(fs.readFileSync("write.py", "utf8"));
  const pickled = writer.runPython("write()[1]");
  for (const reader of pythons) {
    reader.runPython(fs.readFileSync("read.py", "utf8"));
    reader.runPython(`reads("${pickled}")`);
  }
}
JS
for name in python3 python3.{6..14}; do
	for path in $(type -aP "$name"); do "$path" write.py 2>/dev/null || true; done
done | sort -uV
same "3.11.3 writes ['__builtin__ getattr', '__main__ Level', 'LOW']
  where 3.11.3 reads it: with LOW and HIGH exchanged Level.LOW, with LOW called MINOR AttributeError, with LOW as 10 Level.LOW
  where 3.14.2 reads it: with LOW and HIGH exchanged Level.LOW, with LOW called MINOR AttributeError, with LOW as 10 Level.LOW
3.14.2 writes ['__main__ Level', 1]
  where 3.11.3 reads it: with LOW and HIGH exchanged Level.HIGH, with LOW called MINOR Level.MINOR, with LOW as 10 ValueError
  where 3.14.2 reads it: with LOW and HIGH exchanged Level.HIGH, with LOW called MINOR Level.MINOR, with LOW as 10 ValueError" "$(node run.mjs)"
