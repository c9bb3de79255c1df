#!/usr/bin/env bash
# npm tail 2.2.6 with follow: when the file is renamed and a new one made in its place, it goes on in the new file at the offset it had in
# the old one. Lines before that offset are never seen.
. "$(dirname "$0")/lib.sh"
npm_packages tail@2.2.6
cat >follow.js <<'NODE'
const fs = require("fs");
const { Tail } = require("tail");
const line = (file, n) => `${file} ${String(n).padStart(4, "0")}\n`;
const write = (file, from, to) => { for (let n = from; n <= to; n++) fs.appendFileSync("log", line(file, n)); };
write("old", 1, 100);
const seen = { old: 0, new: 0 };
let first = null, rotated = false;
const tail = new Tail(require("path").resolve("log"), { fromBeginning: true, follow: true });
tail.on("line", (text) => {
  const [file] = text.split(" ");
  seen[file]++;
  if (file === "new" && first === null) first = text;
  if (seen.old === 100 && !rotated) {
    rotated = true;
    fs.renameSync("log", "log.1");
    write("new", 1, 150);
    const more = setInterval(() => write("new", 151, 151), 500); // it looks again when something is written
    setTimeout(() => { clearInterval(more); console.log(`old ${seen.old} of 100; the first line of new: ${first}`); process.exit(); }, 6000);
  }
});
NODE
same "old 100 of 100; the first line of new: new 0101" "$(node follow.js)"
