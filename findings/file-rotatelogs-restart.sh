#!/usr/bin/env bash
# lestrrat-go/file-rotatelogs 2.4.0 with WithRotationSize: a program that starts again on the same day puts its first record at the end of the day's
# first file, which has been full since long, and the others in a new one. Who reads the files in their order reads it before all
# that was logged in between; and a program that logs one record each time it is started never has a second file.
. "$(dirname "$0")/lib.sh"
fixed_clock
go_program github.com/lestrrat-go/file-rotatelogs@v2.4.0 <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"

	rotatelogs "github.com/lestrrat-go/file-rotatelogs"
)

func run(name string, count int) {
	log, err := rotatelogs.New("logs/app.log.%Y%m%d", rotatelogs.WithClock(fixed{}), rotatelogs.WithRotationSize(1000))
	if err != nil {
		panic(err)
	}
	for i := range count {
		if _, err := fmt.Fprintf(log, "%s%d %096d\n", name, i, 0); err != nil {
			panic(err)
		}
	}
	log.Close()
}

func files() {
	entries, _ := os.ReadDir("logs")
	for _, entry := range entries {
		text, _ := os.ReadFile("logs/" + entry.Name())
		var names []string
		for line := range strings.Lines(string(text)) {
			name, _, _ := strings.Cut(line, " ")
			names = append(names, name)
		}
		fmt.Println(strings.TrimPrefix(entry.Name(), "app.log."), len(names), "records,", names[0], "to", names[len(names)-1])
	}
}

func main() {
	os.Mkdir("logs", 0o755)
	run("a", 25)
	run("b", 5)
	files()
	os.RemoveAll("logs")
	os.Mkdir("logs", 0o755)
	for range 100 {
		run("c", 1)
	}
	files()
}
GO
same "20251128 11 records, a0 to b0
20251128.1 10 records, a10 to a19
20251128.2 5 records, a20 to a24
20251128.3 4 records, b1 to b4
20251128 100 records, c0 to c0" "$(./finding)"
