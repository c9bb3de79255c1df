//go:build !wasm

package hosts

import "syscall"

// LongestSocketPath is the most bytes of the path of a unix socket.
const LongestSocketPath = len(syscall.RawSockaddrUnix{}.Path) - 1
