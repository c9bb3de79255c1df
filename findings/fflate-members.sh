#!/usr/bin/env bash
# npm fflate 0.8.3: gunzipSync of a file with several members, which is what appending to a compressed log makes, gives no error, but only the start
# of the first member: as many bytes as the last member holds. zlib, and Gunzip of fflate itself, read all members.
. "$(dirname "$0")/lib.sh"
npm_packages fflate@0.8.3
cat >read.js <<'NODE'
const zlib = require("zlib");
const { gunzipSync, Gunzip } = require("fflate");
const member = (name, lines) => zlib.gzipSync(`${name}\n`.repeat(lines));
const count = (bytes) => {
  const lines = Buffer.from(bytes).toString().split("\n").filter(Boolean);
  return ["a", "b", "c"].map((name) => `${lines.filter((line) => line === name).length} ${name}`).join(", ");
};
for (const [a, b, c] of [[100, 200, 300], [300, 200, 100]]) {
  const log = Buffer.concat([member("a", a), member("b", b), member("c", c)]);
  const pieces = [];
  new Gunzip((piece) => pieces.push(piece)).push(log, true);
  console.log(`zlib ${count(zlib.gunzipSync(log))}; Gunzip ${count(Buffer.concat(pieces))}; gunzipSync ${count(gunzipSync(log))}`);
}
NODE
same "zlib 100 a, 200 b, 300 c; Gunzip 100 a, 200 b, 300 c; gunzipSync 100 a, 0 b, 0 c
zlib 300 a, 200 b, 100 c; Gunzip 300 a, 200 b, 100 c; gunzipSync 100 a, 0 b, 0 c" "$(node read.js)"
