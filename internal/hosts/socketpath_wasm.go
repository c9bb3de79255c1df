package hosts

// LongestSocketPath is the most bytes of the path of a unix socket, as on Linux: WebAssembly has no sockets.
const LongestSocketPath = 107
