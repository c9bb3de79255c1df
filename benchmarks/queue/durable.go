package queue

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// recordBytes is how large a record of the durable tables is.
const recordBytes = 250

// group is how many records a store gets at once, where it takes many.
const group = 256

const (
	oursOnDisk   = "queuecore.Disk"
	opening      = "queuecore.Disk, opening"
	throughDisk  = "queuecore, behind it a Disk"
	oneByOne     = "tidwall/wal, one by one"
	oursInStream = "queuecore/jetstream"
	directStream = "nats.go, PublishAsync"
)

// durableTables: what it costs that a record outlives the process, and the machine.
func durableTables() []suite.Table {
	return []suite.Table{
		storing("durable, page cache", 200_000, diskStore(queuecore.DiskSyncNever), tidwall(false, 1), tidwall(false, group), bolt(false), badgerStore(false)),
		storing("durable, synced", 5_000, diskStore(queuecore.DiskSyncEach), tidwall(false, 1), tidwall(true, 1), tidwall(true, group), bolt(true), badgerStore(true)),
		storing("durable, JetStream in the process", 50_000, jetstreamStore(), publishAsync()),
		{Name: "durable, a start with a gibibyte", N: 3_900_000, Rows: []suite.Row{
			{Name: opening, Run: func(b *testing.B) error { return start(b, false) }},
			{Name: opening + " and reading", Run: func(b *testing.B) error { return start(b, true) }},
			{Name: "cat", Run: cat},
		}},
		durableCalls(),
	}
}

// store is something that keeps records beyond the process.
type store struct {
	name  string
	group int // how many records it is given at once
	open  func(dir string) (put func(records [][]byte) error, end func() error, err error)
}

// storing is a table of stores that are given b.N records.
func storing(name string, n int, stores ...store) suite.Table {
	t := suite.Table{Name: name, N: n}
	for _, s := range stores {
		t.Rows = append(t.Rows, suite.Row{Name: s.name, Run: func(b *testing.B) error { return fill(b, s) }})
	}
	return t
}

// fill puts b.N records into a store. What a store does in the background until it is closed counts.
func fill(b *testing.B, s store) error {
	dir, err := os.MkdirTemp("", "durable")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	put, end, err := s.open(dir)
	if err != nil {
		return err
	}
	records := slices.Repeat([][]byte{sampleTape()}, s.group)
	b.ResetTimer()
	for n := 0; n < b.N && err == nil; n += s.group {
		err = put(records[:min(s.group, b.N-n)])
	}
	if endErr := end(); err == nil {
		err = endErr
	}
	b.StopTimer()
	return err
}

// sampleTape is the tape of a record of recordBytes.
func sampleTape() []byte {
	var r base.Record
	for text := recordBytes; ; text-- {
		err := r.Capture(zapcore.Entry{Time: time.Unix(1e9, 0)}, base.Context{}, []zapcore.Field{zap.ByteString("text", bytes.Repeat([]byte{'x'}, text))})
		if err != nil {
			panic(err)
		}
		if len(r.Bytes()) <= recordBytes {
			return slices.Clone(r.Bytes())
		}
	}
}

// batchOf returns a batch of records.
func batchOf(records [][]byte) *base.Batch {
	var b base.Batch
	for _, r := range records {
		b.Add(r)
	}
	return &b
}

func diskStore(sync queuecore.DiskSync) store {
	return store{oursOnDisk, group, func(dir string) (func([][]byte) error, func() error, error) {
		d, err := queuecore.NewDisk(queuecore.DiskConfig{Dir: dir, Sync: sync, MaxBytes: -1})
		if err != nil {
			return nil, nil, err
		}
		put := func(records [][]byte) error {
			_, err := d.Append(batchOf(records))
			return err
		}
		return put, func() error { return d.Close(context.Background()) }, nil
	}}
}

// filled makes a folder with b.N records.
func filled(b *testing.B) (dir string, err error) {
	if dir, err = os.MkdirTemp("", "durable"); err != nil {
		return "", err
	}
	put, end, err := diskStore(queuecore.DiskSyncNever).open(dir)
	if err != nil {
		return dir, err
	}
	records := slices.Repeat([][]byte{sampleTape()}, group)
	for n := 0; n < b.N && err == nil; n += group {
		err = put(records[:min(group, b.N-n)])
	}
	if endErr := end(); err == nil {
		err = endErr
	}
	return dir, err
}

// start opens the folder of a process that has ended, and may read all that is in it.
func start(b *testing.B, read bool) error {
	dir, err := filled(b)
	defer os.RemoveAll(dir)
	if err != nil {
		return err
	}
	b.ResetTimer()
	d, err := queuecore.NewDisk(queuecore.DiskConfig{Dir: dir, MaxBytes: -1})
	if err != nil {
		return err
	}
	if read {
		err = readAll(b, d)
	}
	b.StopTimer()
	return errorsOf(err, d.Close(context.Background()))
}

// readAll reads b.N records.
func readAll(b *testing.B, d *queuecore.Disk) error {
	for n := 0; n < b.N; {
		var batch base.Batch
		last, err := d.Read(context.Background(), "c", &batch)
		if err != nil {
			return err
		}
		if batch.Len() == 0 {
			return fmt.Errorf("%d of %d records", n, b.N)
		}
		n += batch.Len()
		if err := d.Ack("c", last); err != nil {
			return err
		}
	}
	return nil
}

// cat reads the same files and does nothing with them.
func cat(b *testing.B) error {
	dir, err := filled(b)
	defer os.RemoveAll(dir)
	if err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.records"))
	if err != nil {
		return err
	}
	b.ResetTimer()
	defer b.StopTimer()
	buf := make([]byte, 128<<10)
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, buf)
		if err = errorsOf(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// durableCalls: what a call costs its caller with and without a Disk behind the queue.
func durableCalls() suite.Table {
	toDisk := way{throughDisk, func(io.Writer) (func(), func() error) {
		dir, err := os.MkdirTemp("", "durable")
		if err != nil {
			panic(err)
		}
		d, err := queuecore.NewDisk(queuecore.DiskConfig{Dir: dir, MaxBytes: -1})
		if err != nil {
			panic(err)
		}
		core, err := queuecore.NewHandler(d, queuecore.Config{BlockTimeout: time.Minute})
		if err != nil {
			panic(err)
		}
		return zapCalls(core), func() error {
			return errorsOf(core.Close(), d.Close(context.Background()), os.RemoveAll(dir))
		}
	}, true}
	return table("durable, a call", 100*burst, []way{ways[0], queueWay, toDisk}, func(b *testing.B, w way) error {
		return bursts(b, w, discard, 1)
	})
}

var durableBounds = []suite.Bound{
	{Claim: "a record kept by the disk engine, in ns", Of: value("durable, page cache/"+oursOnDisk, ""), AtMost: 1000},
	{Claim: "a call with a Disk behind the queue, of one without", Of: net("durable, a call", throughDisk), Against: net("durable, a call", ours), AtMost: 1.3},
	{Claim: "a record synced in groups of 256, of tidwall/wal's one by one", Of: value("durable, synced/"+oursOnDisk, ""), Against: value("durable, synced/"+oneByOne+", synced", ""), AtMost: 0.10},
	{Claim: "rate of recovering a gibibyte, of cat's", Of: value("durable, a start with a gibibyte/cat", ""), Against: value("durable, a start with a gibibyte/"+opening, ""), AtLeast: 0.5},
	{
		Claim: "rate into JetStream in the process, of nats.go's own",
		Of:    value("durable, JetStream in the process/"+directStream, ""), Against: value("durable, JetStream in the process/"+oursInStream, ""), AtLeast: 0.9,
	},
}
