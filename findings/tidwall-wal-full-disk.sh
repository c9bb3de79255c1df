#!/usr/bin/env bash
# tidwall/wal 1.2.1: on a full disk Write returns an error, and when there is room again it succeeds. But the piece of the entry that the disk
# had taken stays in front of what follows, and the next Open says "log corrupt": nothing that was accepted can be read, neither before
# that nor after it.
. "$(dirname "$0")/lib.sh"
small_disk 1m
go_program github.com/tidwall/wal@v1.2.1 <<'GO'
package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/tidwall/wal"
)

func main() {
	os.WriteFile("disk/other", make([]byte, 512<<10), 0o600)
	log, err := wal.Open("disk/log", nil)
	fmt.Println("opened:", err)
	last := uint64(0)
	write := func() error {
		err := log.Write(last+1, bytes.Repeat([]byte("x"), 700))
		if err == nil {
			last++
		}
		return err
	}
	for err == nil {
		err = write()
	}
	fmt.Println("refused:", err != nil)
	os.Remove("disk/other")
	fmt.Println("with room again:", write(), write())
	fmt.Println("closed:", log.Close())
	_, err = wal.Open("disk/log", nil)
	fmt.Println("opened again:", err)
}
GO
same "opened: <nil>
refused: true
with room again: <nil> <nil>
closed: <nil>
opened again: log corrupt" "$(./finding)"
