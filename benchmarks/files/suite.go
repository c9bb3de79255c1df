package files

import (
	"fmt"
	"os"

	"example.com/zaphandlers/benchmarks/suite"
)

// Suite is the benchmarks of this package.
var Suite = suite.Suite{Name: "Files", Tables: tables(), Bounds: bounds()}

// place is where files are.
type place struct{ name, dir string }

var (
	disk   = place{"disk", os.TempDir()}
	memory = place{"memory", "/dev/shm"}
	places = []place{disk, memory}
)

var (
	sizes      = []int{200, 1024} // bytes of a record
	goroutines = []int{1, 2}
)

const (
	pythonWrites = 20_000
	rotations    = 7
)

// writes is how many records of some size a row writes: not so many that the system makes writers wait for the disk.
func writes(size int) int { return min(60_000, 24<<20/size) }

// bufferedWrites are more, for they are soon done.
func bufferedWrites(size int) int { return 48 << 20 / size }

func tables() (tables []suite.Table) {
	for _, p := range places {
		for _, size := range sizes {
			for _, g := range goroutines {
				tables = append(tables, writeTable(p, size, g))
			}
		}
	}
	tables = append(tables, writeTable(disk, 200, 64))
	for _, p := range places {
		tables = append(tables, rotateTable(p))
	}
	return append(append(tables, twoWritersTable()), compressTables()...)
}

// writeName is the name of a table in which some goroutines write records.
func writeName(p place, size, goroutines int) string {
	return fmt.Sprintf("%s, %d B, %d", p.name, size, goroutines)
}

func writeTable(p place, size, goroutines int) suite.Table {
	t := suite.Table{Name: writeName(p, size, goroutines), N: writes(size)}
	add := func(n int, writers ...writer) {
		for _, w := range writers {
			t.Rows = append(t.Rows, suite.Row{Name: w.name, N: n, Run: throughput(w, p, size, goroutines)})
		}
	}
	add(0, floor, floorAgain, file, rotating, timed, shared, watched, watchedEvery, lumber, timber, lestrrat, phuslu)
	if goroutines == 1 {
		add(bufferedWrites(size), bufferFloor, lockedFloor)
	}
	add(bufferedWrites(size), fileBuffer, zapBuffer)
	if goroutines == 1 && size == 200 {
		t.Rows = append(t.Rows, pythonRows(p, size)...)
	}
	return t
}

// rotateName is the name of the table of rotations.
func rotateName(p place) string { return p.name + ", rotate at 8 MiB" }

func rotateTable(p place) suite.Table {
	t := suite.Table{Name: rotateName(p), N: rotations}
	for _, w := range []writer{floor, renameFloor, rotating, rotatingGzip, timed, lumber, lumberGzip, timber, timberGzip, lestrrat, phuslu} {
		t.Rows = append(t.Rows, suite.Row{Name: w.name, Run: pauses(w, p)})
	}
	return t
}

const twoWriters = "disk, two writers on one path"

func twoWritersTable() suite.Table {
	t := suite.Table{Name: twoWriters, N: 100_000}
	for _, w := range []writer{rotating, shared, lumber, timber, lestrrat, phuslu} {
		t.Rows = append(t.Rows, suite.Row{Name: w.name, Run: together(w, disk)})
	}
	return t
}
