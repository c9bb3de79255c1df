// Command files measures the file writers of this module against os.File.Write and against others of their kind, in one
// run: the passes of all writers alternate, so that whatever else the machine does falls upon all of them alike.
//
//	go -C benchmarks run ./files                    the whole table, some minutes
//	go -C benchmarks run ./files -passes 3 -dir /dev/shm
//
// It prints Markdown: nanoseconds a write as the median of the passes, in brackets the ratio to os.File.Write; and the
// pause of the writes that rotate.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"
)

func main() {
	dirs := []string{os.TempDir()}
	passes := flag.Int("passes", 5, "how often everything is measured")
	count := flag.Int("count", 100_000, "records a pass")
	dir := flag.String("dir", "", "directory to write in; default: the one for temporary files, and /dev/shm")
	flag.Parse()
	if *dir != "" {
		dirs = []string{*dir}
	} else if _, err := os.Stat("/dev/shm"); err == nil {
		dirs = append(dirs, "/dev/shm")
	}
	fmt.Printf("%s, %d CPUs, %s\n", runtime.Version(), runtime.NumCPU(), time.Now().Format(time.DateOnly))
	for _, dir := range dirs {
		if err := tables(dir, *passes, *count); err != nil {
			fmt.Fprintln(os.Stderr, "files:", err)
			os.Exit(1)
		}
	}
}

func tables(dir string, passes, count int) error {
	fmt.Printf("\n## %s\n\n", dir)
	if err := throughputTable(dir, passes, count); err != nil {
		return err
	}
	fmt.Println()
	return pauseTable(dir, passes)
}

// throughputTable prints what a write costs.
func throughputTable(dir string, passes, count int) error {
	columns := []struct{ size, goroutines int }{{200, 1}, {200, 2}, {1024, 1}, {1024, 2}}
	all := append(append([]writer{{"os.File.Write", raw}}, ours...), rivals...)
	ns := make([][][]float64, len(all))
	for i := range ns {
		ns[i] = make([][]float64, len(columns))
	}
	for range passes {
		for c, column := range columns {
			for i, w := range all {
				took, err := throughput(w, dir, column.size, column.goroutines, count)
				if err != nil {
					return fmt.Errorf("%s: %w", w.name, err)
				}
				ns[i][c] = append(ns[i][c], took)
			}
		}
	}
	fmt.Println("| ns a write | 200 B | 200 B, 2 goroutines | 1 KiB | 1 KiB, 2 goroutines |")
	fmt.Println("|---|--:|--:|--:|--:|")
	for i, w := range all {
		fmt.Printf("| %s |", w.name)
		for c := range columns {
			fmt.Printf(" %.0f (%.2f) |", median(ns[i][c]), median(ns[i][c])/median(ns[0][c]))
		}
		fmt.Println()
	}
	return nil
}

// pauseTable prints what the write costs that rotates: seven rotations of 8 MiB a pass.
func pauseTable(dir string, passes int) error {
	all := []writer{{"os.File.Write, no rotation", raw}}
	for _, w := range append(append([]writer{}, ours...), rivals...) {
		switch w.name {
		case "RotatingFile", "RotatingFile, gzip", "TimedRotatingFile", "lumberjack", "lumberjack, gzip", "timberjack", "timberjack, gzip",
			"file-rotatelogs", "phuslu/log FileWriter":
			all = append(all, w)
		}
	}
	slowest := make([][]time.Duration, len(all))
	for range passes {
		for i, w := range all {
			found, err := pauses(w, dir, 8<<20, 7)
			if err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			slowest[i] = append(slowest[i], found...)
		}
	}
	fmt.Println("| pause of a rotating write, µs | median |")
	fmt.Println("|---|--:|")
	for i, w := range all {
		fmt.Printf("| %s | %.1f |\n", w.name, float64(median(slowest[i]).Nanoseconds())/1e3)
	}
	return nil
}
