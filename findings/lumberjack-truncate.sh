#!/usr/bin/env bash
# lumberjack 2.2.1 opens a file that is there with O_APPEND, and the files it makes without: after a rotation, logrotate's copytruncate (or > log)
# leaves a file that begins with as many NULs as it had bytes.
. "$(dirname "$0")/lib.sh"
go_program gopkg.in/natefinch/lumberjack.v2@v2.2.1 <<'GO'
package main

import (
	"bytes"
	"fmt"
	"os"

	"gopkg.in/natefinch/lumberjack.v2"
)

func nuls() int {
	text, _ := os.ReadFile("log")
	return bytes.Count(text, []byte{0})
}

func main() {
	os.WriteFile("log", nil, 0o644)
	l := &lumberjack.Logger{Filename: "log"}
	write := func() { l.Write(bytes.Repeat([]byte("x"), 1000)) }
	write()
	os.Truncate("log", 0)
	write()
	fmt.Println("a file that was there, truncated: NULs", nuls())
	l.Rotate()
	write()
	os.Truncate("log", 0)
	write()
	fmt.Println("one made by a rotation, truncated: NULs", nuls())
}
GO
same "a file that was there, truncated: NULs 0
one made by a rotation, truncated: NULs 1000" "$(./finding)"
