#!/usr/bin/env bash
# phuslu/log 1.0.121, a FileWriter of app.log with MaxBackups: whatever is called app.*.log beside it counts as its backup. Another log,
# app.audit.log, which nobody has written to for an hour, is removed as the oldest one.
. "$(dirname "$0")/lib.sh"
go_program github.com/phuslu/log@v1.0.121 <<'GO'
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/phuslu/log"
)

func main() {
	os.WriteFile("app.audit.log", []byte("the user has left\n"), 0o644)
	os.WriteFile("app-audit.log", []byte("the user has left\n"), 0o644)
	before := time.Now().Add(-time.Hour)
	os.Chtimes("app.audit.log", before, before)
	os.Chtimes("app-audit.log", before, before)
	w := &log.FileWriter{Filename: "app.log", MaxBackups: 2, TimeFormat: "20060102-150405.000"}
	for range 4 {
		w.Write([]byte("a request\n"))
		w.Rotate()
		time.Sleep(100 * time.Millisecond)
	}
	w.Close()
	for range 50 {
		if _, err := os.Stat("app.audit.log"); err != nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, name := range []string{"app-audit.log", "app.audit.log"} {
		_, err := os.Stat(name)
		fmt.Println(name, "is there:", err == nil)
	}
}
GO
same "app-audit.log is there: true
app.audit.log is there: false" "$(./finding)"
