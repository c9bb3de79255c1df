// One path watched; a change reads on, and a file that got shorter or another is read from its start.
const fs = require("fs");
const chokidar = require("chokidar");
const path = process.argv[2];
let offset = 0, inode = 0;
function read() {
  let fd;
  try { fd = fs.openSync(path, "r"); } catch { return; }
  const stat = fs.fstatSync(fd);
  if (stat.ino !== inode || stat.size < offset) { offset = 0; inode = stat.ino; }
  const buffer = Buffer.alloc(stat.size - offset);
  const n = fs.readSync(fd, buffer, 0, buffer.length, offset);
  offset += n;
  fs.closeSync(fd);
  process.stdout.write(buffer.subarray(0, n));
}
chokidar.watch(path).on("add", read).on("change", read);
