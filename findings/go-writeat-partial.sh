#!/usr/bin/env bash
# Go 1.26 and 1.27, os.File.WriteAt on Linux: where the system takes a part of the bytes and refuses the rest (a full disk, a limit of file sizes), io.WriterAt
# asks for the number of bytes that were written. Write returns it; WriteAt returns 0, and the part is in the file: who cuts off
# what n counts, or begins again behind it, leaves it there.
. "$(dirname "$0")/lib.sh"
go_program <<'GO'
package main

import (
	"fmt"
	"os"
)

func main() {
	write := map[string]func(f *os.File, b []byte) (int, error){
		"Write":   func(f *os.File, b []byte) (int, error) { return f.Write(b) },
		"WriteAt": func(f *os.File, b []byte) (int, error) { return f.WriteAt(b, 0) },
	}[os.Args[1]]
	f, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	n, err := write(f, make([]byte, 32<<10))
	info, statErr := f.Stat()
	if statErr != nil {
		panic(statErr)
	}
	fmt.Printf("%s: n = %d, refused: %t, in the file: %d\n", os.Args[1], n, err != nil, info.Size())
}
GO
go version
ulimit -f 16
same "Write: n = 16384, refused: true, in the file: 16384
WriteAt: n = 0, refused: true, in the file: 16384" "$("$T/finding" Write; "$T/finding" WriteAt)"
