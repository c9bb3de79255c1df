#!/usr/bin/env bash
# lestrrat-go/file-rotatelogs 2.4.0, files limited by WithRotationSize and kept by WithRotationCount(3): it removes by the order of the names,
# and .10 comes before .2. So the eleventh file of a day, which is being written, goes away as soon as it is made, and so does the next, of the
# same name: nothing is stored from there on, and no Write says so. Where the pattern ends in ".log" what was added behind it is not
# found, and none is ever removed.
. "$(dirname "$0")/lib.sh"
fixed_clock
go_program github.com/lestrrat-go/file-rotatelogs@v2.4.0 <<'GO'
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	rotatelogs "github.com/lestrrat-go/file-rotatelogs"
)

func files() []string {
	names, _ := filepath.Glob("logs/*")
	return names
}

func records(pattern string, count int) {
	os.RemoveAll("logs")
	os.Mkdir("logs", 0o755)
	log, err := rotatelogs.New("logs/"+pattern, rotatelogs.WithClock(fixed{}),
		rotatelogs.WithRotationSize(1000), rotatelogs.WithRotationCount(3))
	if err != nil {
		panic(err)
	}
	refused := 0
	for i := range count {
		if _, err := fmt.Fprintf(log, "%099d\n", i); err != nil {
			refused++
		}
		for try := 0; try < 20 && i%10 == 0 && len(files()) > 3; try++ { // it removes in the background
			time.Sleep(10 * time.Millisecond)
		}
	}
	time.Sleep(time.Second)
	log.Close()
	last := -1
	for _, name := range files() {
		text, _ := os.ReadFile(name)
		for _, line := range bytes.Fields(text) {
			var n int
			fmt.Sscanf(string(bytes.TrimLeft(line, "0")), "%d", &n)
			last = max(last, n)
		}
	}
	fmt.Printf("%s: %d records, %d refused, %d files, the last record is %d\n", pattern, count, refused, len(files()), last)
}

func main() {
	records("app.log.%Y%m%d", 100)
	records("app.log.%Y%m%d", 1000)
	records("app.%Y%m%d.log", 200)
}
GO
same "app.log.%Y%m%d: 100 records, 0 refused, 3 files, the last record is 99
app.log.%Y%m%d: 1000 records, 0 refused, 3 files, the last record is 99
app.%Y%m%d.log: 200 records, 0 refused, 20 files, the last record is 199" "$(./finding)"
