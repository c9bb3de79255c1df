const { Tail } = require("tail");
const tail = new Tail(process.argv[2], { fromBeginning: true, follow: true });
tail.on("line", (line) => console.log(line));
tail.on("error", (error) => console.error(error));
