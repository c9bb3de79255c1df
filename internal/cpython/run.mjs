// Runs a Python program under pyodide: node run.mjs HOME FOLDERS DIR ARGS…
// HOME has node_modules/pyodide, FOLDERS are folders of the host, one a line, that the program sees under the same names. DIR has
// program.py and the files stdin, stdout and stderr: pipes would not do, for node's can be full or empty and say EAGAIN.
import { existsSync, openSync, readFileSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [home, folders, dir, ...args] = process.argv.slice(2);
const lib = home + "/node_modules/pyodide/";
const { loadPyodide } = await import(pathToFileURL(lib + "pyodide.mjs"));
const py = await loadPyodide({ indexURL: lib });

const stdout = openSync(dir + "/stdout", "w"), stderr = openSync(dir + "/stderr", "w");
py.setStdout({ write: (bytes) => writeSync(stdout, bytes) });
py.setStderr({ write: (bytes) => writeSync(stderr, bytes) });

const mounted = [];
for (const folder of [...folders.split("\n"), "/usr/share/zoneinfo"]) {
	if (!existsSync(folder) || mounted.some((outer) => folder.startsWith(outer + "/"))) continue;
	mounted.push(folder);
	py.FS.mkdirTree(folder);
	py.FS.mount(py.FS.filesystems.NODEFS, { root: folder }, folder);
}
py.globals.set("_start", py.toPy({ path: dir + "/program.py", args, stdin: readFileSync(dir + "/stdin").toString("base64") }));
try {
	py.runPython(`
def _prepare(start):
    import base64, io, js, os, sys, time
    def tzset():  # the clock is JavaScript's
        js.process.env.TZ = os.environ["TZ"]
    time.tzset = tzset
    sys.argv = [start["path"], *start["args"]]
    sys.path.insert(0, os.path.dirname(start["path"]))
    sys.stdin = io.TextIOWrapper(io.BytesIO(base64.b64decode(start["stdin"])), "utf-8")
    return compile(open(start["path"], encoding="utf-8").read(), start["path"], "exec")
import __main__
exec(_prepare(_start), __main__.__dict__)
import sys
sys.stdout.flush()
`);
} catch (err) {
	writeSync(stderr, String(err.message));
	process.exit(1);
}
