const Tail = require("always-tail");
const tail = new Tail(process.argv[2], "\n", { interval: 200, start: 0 });
tail.on("line", (line) => console.log(line));
tail.on("error", (error) => console.error(error));
tail.watch();
