// Runs a Python program under pyodide: node run.mjs HOME FOLDERS STDIN PROGRAM ARGS…
// HOME has node_modules/pyodide, FOLDERS are folders of the host, one a line, that the program sees under the same names, STDIN is
// a file that the program has as its standard input.
import { existsSync, readFileSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [home, folders, stdin, program, ...args] = process.argv.slice(2);
const lib = home + "/node_modules/pyodide/";
const { loadPyodide } = await import(pathToFileURL(lib + "pyodide.mjs"));
const py = await loadPyodide({ indexURL: lib });

function whole(fd) {
	return { write(bytes) { for (let n = 0; n < bytes.length;) n += writeSync(fd, bytes, n); return bytes.length; } };
}
py.setStdout(whole(1));
py.setStderr(whole(2));

const mounted = [];
for (const folder of [...folders.split("\n"), "/usr/share/zoneinfo"]) {
	if (!existsSync(folder) || mounted.some((outer) => folder.startsWith(outer + "/"))) continue;
	mounted.push(folder);
	py.FS.mkdirTree(folder);
	py.FS.mount(py.FS.filesystems.NODEFS, { root: folder }, folder);
}
py.globals.set("_start", py.toPy({ path: program, args, stdin: readFileSync(stdin).toString("base64") }));
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
	writeSync(2, String(err.message));
	process.exit(1);
}
