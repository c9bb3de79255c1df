#!/usr/bin/env bash
# winston 3.19.0, a File with maxsize: whenever a file is full, the lines that wait in its stream, up to what Node lets it hold (16 KiB
# in 20), are in no file. The logger says "finish", and no error. Without maxsize all lines are there. Releases 3.8.2, 3.11.0, 3.17.0 and
# 3.18.3 lose as much.
. "$(dirname "$0")/lib.sh"
npm_packages winston@3.19.0
cat >log.js <<'NODE'
const fs = require("fs");
const winston = require("winston");
const lines = 3000;
const maxsize = Number(process.argv[2]) || undefined;
fs.mkdirSync(`size${maxsize}`);
const file = new winston.transports.File({ filename: `size${maxsize}/log`, maxsize });
const logger = winston.createLogger({ format: winston.format.simple(), transports: [file] });
let finished = false;
logger.on("finish", () => { finished = true; });
logger.on("error", (err) => console.log(err.message));
(async () => {
  for (let n = 0; n < lines; n++) {
    logger.info(`line ${String(n).padStart(4, "0")} ${"x".repeat(180)}`);
    if (n % 50 === 49) await new Promise(setImmediate);
  }
  await new Promise((later) => setTimeout(later, 1000));
  logger.end();
  setTimeout(() => {
    const files = fs.readdirSync(`size${maxsize}`);
    const found = new Set(files.flatMap((f) => fs.readFileSync(`size${maxsize}/${f}`, "utf8").match(/line \d{4}/g) || []));
    const lost = lines - found.size;
    console.log(`maxsize ${maxsize}: lines lost: ${lost === 0 ? "none" : lost < 100 ? lost : "more than 100"} of ${lines}, finished: ${finished}`);
    process.exit();
  }, 2000);
})();
NODE
same "maxsize undefined: lines lost: none of 3000, finished: true
maxsize 200000: lines lost: more than 100 of 3000, finished: true" "$(node log.js; node log.js 200000)"
