#!/usr/bin/env bash
# zap 1.28.0, BufferedWriteSyncer: after one failed write of the destination, as by a disk that was full for a moment, every later Write and Sync
# fails though the destination works again, and what was accepted before is gone.
. "$(dirname "$0")/lib.sh"
go_program go.uber.org/zap@v1.28.0 <<'GO'
package main

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"

	"go.uber.org/zap/zapcore"
)

type disk struct {
	bytes.Buffer
	full bool
}

func (d *disk) Write(p []byte) (int, error) {
	if d.full {
		return 0, syscall.ENOSPC
	}
	return d.Buffer.Write(p)
}
func (d *disk) Sync() error { return nil }

func main() {
	d := &disk{}
	w := &zapcore.BufferedWriteSyncer{WS: d, Size: 1024}
	defer w.Stop()
	accepted, line := 0, []byte(strings.Repeat("x", 99)+"\n")
	write := func(n int) (failed int) {
		for range n {
			if _, err := w.Write(line); err != nil {
				failed++
			} else {
				accepted++
			}
		}
		return failed
	}
	write(5)
	d.full = true
	fmt.Println("full: Sync says", w.Sync())
	d.full = false
	fmt.Println("room again: failed writes", write(1000), "of 1000; Sync says", w.Sync())
	fmt.Println("accepted", accepted, "on the disk", d.Len()/100)
}
GO
same "full: Sync says no space left on device
room again: failed writes 1000 of 1000; Sync says no space left on device
accepted 5 on the disk 0" "$(./finding)"
