const Tail = require("tail-file");
const tail = new Tail(process.argv[2], { startPos: 0 }, (line) => console.log(line));
tail.on("error", (error) => console.error(error));
