#!/usr/bin/env bash
# npm winston 3.19.0, log4js 6.9.1, bunyan 2.0.5, rotating-file-stream 3.2.10, and pino 10.4.0 with a transport: after one write that fails because the
# disk is full, they write nothing until the program is restarted, even if there is room again. winston emits no error, and log4js only prints
# it. pino without a transport keeps its lines, and writes them all.
. "$(dirname "$0")/lib.sh"
small_disk 256k
npm_packages winston@3.19.0 log4js@6.9.1 bunyan@2.0.5 rotating-file-stream@3.2.10 pino@10.4.0
cat >log.js <<'NODE'
const fs = require("fs");
const name = process.argv[2];
const sleep = (ms) => new Promise((later) => setTimeout(later, ms));
let errors = 0;
const watched = (emitter) => emitter.on("error", () => errors++);
// Each returns a function that logs a text to disk/log. Errors are counted where the package emits them.
const loggers = {
  winston: () => {
    const { createLogger, transports: { File } } = require("winston");
    const logger = watched(createLogger({ transports: [watched(new File({ filename: "disk/log" }))] }));
    return (text) => logger.info(text);
  },
  log4js: () => {
    const log4js = require("log4js");
    log4js.configure({ appenders: { file: { type: "file", filename: "disk/log" } }, categories: { default: { appenders: ["file"], level: "info" } } });
    return (text) => log4js.getLogger().info(text);
  },
  bunyan: () => {
    const logger = watched(require("bunyan").createLogger({ name: "program", streams: [{ path: "disk/log" }] }));
    return (text) => logger.info(text);
  },
  "rotating-file-stream": () => {
    const stream = watched(require("rotating-file-stream").createStream("log", { path: "disk", size: "10M" }));
    return (text) => stream.write(`${text}\n`);
  },
  "pino, transport": () => {
    const pino = require("pino");
    const logger = pino(watched(pino.transport({ target: "pino/file", options: { destination: "disk/log" } })));
    return (text) => logger.info(text);
  },
  pino: () => {
    const pino = require("pino");
    const logger = pino(watched(pino.destination({ dest: "disk/log", sync: false })));
    return (text) => logger.info(text);
  },
};
(async () => {
  const log = loggers[name]();
  const hundred = async (phase) => {
    for (let n = 100; n < 200; n++) {
      log(`${phase}${n} ${"x".repeat(200)}`);
      await sleep(2);
    }
    await sleep(1000);
  };
  await hundred("before");
  const other = fs.openSync("disk/other", "w");
  try {
    for (;;) fs.writeSync(other, Buffer.alloc(4096));
  } catch {}
  fs.closeSync(other);
  await hundred("full");
  fs.unlinkSync("disk/other");
  await hundred("after");
  const text = fs.readdirSync("disk").filter((f) => f.startsWith("log")).map((f) => fs.readFileSync(`disk/${f}`, "utf8")).join("");
  const found = (phase) => new Set(text.match(new RegExp(`${phase}\\d{3}`, "g"))).size;
  console.log(`${name}: before ${found("before")}, full ${found("full") < 100 ? "fewer than 100" : 100}, after ${found("after")} of 100, errors ${errors > 0 ? "emitted" : "not emitted"}`);
  process.exit();
})();
NODE
seen=$(for name in winston log4js bunyan rotating-file-stream "pino, transport" pino; do rm -rf disk/* disk/.[a-z]*; node log.js "$name" 2>>errors; done)
same "winston: before 100, full fewer than 100, after 0 of 100, errors not emitted
log4js: before 100, full fewer than 100, after 0 of 100, errors not emitted
bunyan: before 100, full fewer than 100, after 0 of 100, errors emitted
rotating-file-stream: before 100, full fewer than 100, after 0 of 100, errors emitted
pino, transport: before 100, full fewer than 100, after 0 of 100, errors emitted
pino: before 100, full 100, after 100 of 100, errors emitted" "$seen"
