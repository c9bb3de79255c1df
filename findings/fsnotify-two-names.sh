#!/usr/bin/env bash
# fsnotify 1.10.1, Linux: a program watches two names of one file, the second a hard or symbolic link, as container runtimes make them for logs. Add of
# the second name returns nil but watches nothing: events have the first name, whichever was written to, and end when the first is removed.
. "$(dirname "$0")/lib.sh"
go_program github.com/fsnotify/fsnotify@v1.10.1 <<'GO'
package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

func main() {
	os.WriteFile("app.log", nil, 0o644)
	os.Link("app.log", "hard.log")
	os.Symlink("app.log", "symbolic.log")
	for _, second := range []string{"hard.log", "symbolic.log"} {
		w, err := fsnotify.NewWatcher()
		if err != nil {
			panic(err)
		}
		fmt.Println("Add:", w.Add("app.log"), w.Add(second), w.WatchList())
		// events writes by the second name, and returns the names of the events.
		events := func() (names []string) {
			f, _ := os.OpenFile(second, os.O_APPEND|os.O_WRONLY, 0)
			f.WriteString("line\n")
			f.Close()
			for {
				select {
				case event := <-w.Events:
					names = append(names, event.Name)
				case <-time.After(time.Second):
					return slices.Compact(names)
				}
			}
		}
		fmt.Println("a write by", second+": events of", events())
		fmt.Println("Remove of the first:", w.Remove("app.log"), w.WatchList(), "events of", events())
		w.Close()
	}
}
GO
same "Add: <nil> <nil> [app.log]
a write by hard.log: events of [app.log]
Remove of the first: <nil> [] events of []
Add: <nil> <nil> [app.log]
a write by symbolic.log: events of [app.log]
Remove of the first: <nil> [] events of []" "$(./finding)"
