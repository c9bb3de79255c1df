package files

import (
	"fmt"
	"slices"

	"example.com/zaphandlers/benchmarks/suite"
)

func bounds() (bounds []suite.Bound) {
	for _, p := range places {
		for _, size := range sizes {
			for _, g := range goroutines {
				bounds = append(bounds, writeBounds(p, size, g)...)
			}
		}
	}
	for _, p := range places {
		for _, g := range goroutines {
			bounds = append(bounds, bufferBounds(p, g)...)
		}
	}
	return slices.Concat(bounds, allocationBounds(), pauseBounds(), twoWritersBounds(), compressBounds())
}

// writeBounds are those of one system call a record.
func writeBounds(p place, size, goroutines int) (bounds []suite.Bound) {
	table := writeName(p, size, goroutines)
	parity := 1.05
	if goroutines > 1 {
		parity = 1.10
	}
	for _, w := range []struct {
		writer
		atMost float64
	}{
		{file, parity}, {rotating, parity}, {timed, parity}, {shared, 1.6},
		{watched, 1.2}, {watchedEvery, parity},
	} {
		bounds = append(bounds, suite.Bound{
			Claim: fmt.Sprintf("%s, %s: a write, of os.File.Write", w.name, table),
			Of:    suite.Value{Row: table + "/" + w.name}, Against: suite.Value{Row: table + "/" + floor.name}, AtMost: w.atMost,
		})
	}
	return bounds
}

// bufferBounds are those of a write into a buffer. "Not slower" leaves room for what cannot be told apart here.
func bufferBounds(p place, goroutines int) []suite.Bound {
	table := writeName(p, 200, goroutines)
	bound := func(than string, against writer, atMost float64) suite.Bound {
		return suite.Bound{
			Claim: fmt.Sprintf("%s, %s: a write, %s", fileBuffer.name, table, than),
			Of:    suite.Value{Row: table + "/" + fileBuffer.name}, Against: suite.Value{Row: table + "/" + against.name}, AtMost: atMost,
		}
	}
	bounds := []suite.Bound{bound("not slower than zap's BufferedWriteSyncer", zapBuffer, 1.05)}
	if goroutines == 1 {
		bounds = append(bounds, bound("of the least there is: copying, a write per 256 KiB", bufferFloor, 1.12))
	}
	return bounds
}

// allocationBounds are of one table: where the file is makes no difference to them.
func allocationBounds() (bounds []suite.Bound) {
	table := writeName(memory, 200, 2)
	for _, w := range []writer{file, rotating, timed, shared, watched, watchedEvery, fileBuffer} {
		bounds = append(bounds, suite.Bound{
			Claim: fmt.Sprintf("%s: allocations a write", w.name),
			Of:    suite.Value{Row: table + "/" + w.name, Unit: "allocs/op"}, None: true,
		})
	}
	return bounds
}

// pauseBounds are those of the write that rotates.
func pauseBounds() (bounds []suite.Bound) {
	table := rotateName(disk)
	pause := func(w writer) suite.Value { return suite.Value{Row: table + "/" + w.name, Unit: "pause-us"} }
	for _, w := range []struct{ ours, lumber, timber writer }{{rotating, lumber, timber}, {rotatingGzip, lumberGzip, timberGzip}} {
		claim := fmt.Sprintf("%s, %s: pause of the write that rotates", w.ours.name, table)
		bounds = append(bounds,
			suite.Bound{Claim: claim + ", µs", Of: pause(w.ours), AtMost: 100},
			suite.Bound{Claim: claim + ", of timberjack's", Of: pause(w.ours), Against: pause(w.timber), AtMost: 0.35},
			suite.Bound{Claim: claim + ", of lumberjack's", Of: pause(w.ours), Against: pause(w.lumber), AtMost: 0.08})
	}
	return bounds
}

func twoWritersBounds() (bounds []suite.Bound) {
	for _, w := range []writer{rotating, shared} {
		for _, unit := range []string{"lost/op", "torn/op"} {
			bounds = append(bounds, suite.Bound{
				Claim: fmt.Sprintf("%s, %s: records %s", w.name, twoWriters, unit[:4]),
				Of:    suite.Value{Row: twoWriters + "/" + w.name, Unit: unit}, None: true, Always: true,
			})
		}
	}
	return bounds
}
