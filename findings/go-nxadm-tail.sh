#!/usr/bin/env bash
# github.com/nxadm/tail 1.4.11 with Follow and ReOpen: when a file is renamed and a new one made, it opens the new one without reading what is
# left of the old. Of 200 files of 50 lines, 20 milliseconds apart, lines are lost; nothing says so.
. "$(dirname "$0")/lib.sh"
go_program github.com/nxadm/tail@v1.4.11 <<'GO'
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/nxadm/tail"
)

func main() {
	f, _ := os.Create("log")
	fmt.Fprintln(f, 0)
	t, err := tail.TailFile("log", tail.Config{Follow: true, ReOpen: true, Logger: tail.DiscardingLogger})
	if err != nil {
		panic(err)
	}
	seen := make(chan string, 1<<20)
	go func() {
		for line := range t.Lines {
			seen <- line.Text
		}
	}()
	<-seen
	const files, lines = 200, 50
	for file := range files {
		for line := range lines {
			fmt.Fprintln(f, file*lines+line+1)
		}
		os.Rename("log", fmt.Sprintf("log.%d", file))
		f.Close()
		f, _ = os.Create("log")
		time.Sleep(20 * time.Millisecond)
	}
	distinct := map[string]bool{}
	for quiet := time.NewTimer(3 * time.Second); ; quiet.Reset(3 * time.Second) {
		select {
		case line := <-seen:
			distinct[line] = true
			continue
		case <-quiet.C:
		}
		break
	}
	fmt.Println("lines lost:", len(distinct) < files*lines)
}
GO
same "lines lost: true" "$(./finding)"
