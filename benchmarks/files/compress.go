package files

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/multierr"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/writesyncers"
)

// Names of tables and rows.
const (
	compressTable = "gzip of a backup, CPU a MiB"
	besideTable   = "a write each 20 µs, beside a rollover of 64 MiB"

	oursGzip    = "RotatingFile, gzip"
	oursPlain   = "RotatingFile"
	programGzip = "gzip -6"
	defaultGzip = "compress/gzip as it comes"
	computing   = "os.File.Write, a goroutine computes"
)

const mebibyte = 1 << 20

func compressTables() []suite.Table {
	return []suite.Table{
		{Name: compressTable, N: 64, Rows: []suite.Row{
			{Name: oursGzip, Run: compressOurs},
			{Name: defaultGzip, Run: compressDefault},
			{Name: programGzip, Run: compressProgram},
		}},
		{Name: besideTable, N: 20_000, Rows: []suite.Row{
			{Name: oursPlain, Run: func(b *testing.B) error { return pacedBeside(b, "") }},
			{Name: oursGzip, Run: func(b *testing.B) error { return pacedBeside(b, writesyncers.Gzip) }},
			{Name: computing, Run: pacedBesideGoroutine},
		}},
	}
}

func compressBounds() []suite.Bound {
	row := func(table, name, unit string) suite.Value { return suite.Value{Row: table + "/" + name, Unit: unit} }
	return []suite.Bound{
		{
			Claim: "gzip of a backup: CPU time, of gzip -6",
			Of:    row(compressTable, oursGzip, "cpu-ns"), Against: row(compressTable, programGzip, "cpu-ns"), AtMost: 0.5,
		},
		{
			Claim: "gzip of a backup: its size, of gzip -6",
			Of:    row(compressTable, oursGzip, "gz-bytes"), Against: row(compressTable, programGzip, "gz-bytes"), AtMost: 1.15,
		},
		{
			Claim: "a write each 20 µs while a backup is compressed: p99, of one while none is",
			Of:    row(besideTable, oursGzip, "p99-ns"), Against: row(besideTable, oursPlain, "p99-ns"), AtMost: 1.1,
		},
	}
}

// served is n bytes, or some more, of what a service logs: no two lines are the same.
func served(n int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	at := time.Unix(1_800_000_000, 0)
	var b bytes.Buffer
	for b.Len() < n {
		at = at.Add(time.Duration(random.IntN(2000)) * time.Microsecond)
		fmt.Fprintf(&b, `{"level":"info","ts":%.7f,"msg":"request served","method":"%s","path":"/api/v1/orders/%d","status":%d,"bytes":%d,`+
			`"elapsed":%.9f,"remote":"192.0.2.%d:%d","request_id":"%016x","agent":"curl/8.5.0","cached":%t}`+"\n",
			float64(at.UnixNano())/1e9, []string{"GET", "POST", "PUT"}[random.IntN(3)], random.IntN(100_000), []int{200, 200, 200, 404, 500}[random.IntN(5)],
			random.IntN(100_000), random.ExpFloat64()/100, random.IntN(256), 1024+random.IntN(60_000), random.Uint64(), random.IntN(2) == 0)
	}
	return b.Bytes()
}

// reportCompressed reports the CPU time and the size, each a MiB of what was compressed.
func reportCompressed(b *testing.B, cpu time.Duration, size int64) {
	b.ReportMetric(float64(cpu.Nanoseconds())/float64(b.N), "cpu-ns")
	b.ReportMetric(float64(size)/float64(b.N), "gz-bytes")
	b.ReportMetric(0, "ns/op")
}

func compressOurs(b *testing.B) error {
	return inside(disk, func(b *testing.B, path string) error {
		f, err := filled(path, b.N*mebibyte, writesyncers.Gzip)
		if err != nil {
			return err
		}
		begin := cpuTime()
		err = f.Rollover()
		took := cpuTime() - begin
		backups, listErr := f.Backups()
		if err = multierr.Combine(err, listErr, f.Close()); err != nil {
			return err
		}
		if len(backups) != 1 || filepath.Ext(backups[0]) != ".gz" {
			return fmt.Errorf("backups %v", backups)
		}
		info, err := os.Stat(backups[0])
		if err != nil {
			return err
		}
		reportCompressed(b, took, info.Size())
		return nil
	})(b)
}

// filled returns a file of that many bytes.
func filled(path string, n int, compress string) (*writesyncers.RotatingFile, error) {
	f, err := writesyncers.NewRotatingFile(writesyncers.RotatingFileConfig{Path: path, MaxBytes: 1 << 40, BackupCount: 3, Compress: compress})
	if err != nil {
		return nil, err
	}
	for lines := range slices.Chunk(served(n), 64<<10) {
		if _, err := f.Write(lines); err != nil {
			return nil, multierr.Append(err, f.Close())
		}
	}
	return f, nil
}

func compressDefault(b *testing.B) error {
	text := served(b.N * mebibyte)
	var size written
	begin := cpuTime()
	z := gzip.NewWriter(&size)
	_, err := io.Copy(z, bytes.NewReader(text))
	if err = multierr.Append(err, z.Close()); err != nil {
		return err
	}
	reportCompressed(b, cpuTime()-begin, int64(size))
	return nil
}

// written counts bytes.
type written int64

func (n *written) Write(p []byte) (int, error) {
	*n += written(len(p))
	return len(p), nil
}

func compressProgram(b *testing.B) error {
	program, err := exec.LookPath("gzip")
	if err != nil {
		return fmt.Errorf("%w: %w", suite.ErrLeftOut, err)
	}
	var size written
	cmd := exec.Command(program, "-6")
	cmd.Stdin, cmd.Stdout = bytes.NewReader(served(b.N*mebibyte)), &size
	if err := cmd.Run(); err != nil {
		return err
	}
	reportCompressed(b, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), int64(size))
	return nil
}

// pacedBeside writes b.N lines, one each 20 µs, while a file of 64 MiB is rolled over, or of less for a few lines.
func pacedBeside(b *testing.B, compress string) error {
	return inside(disk, func(b *testing.B, path string) error {
		f, err := filled(path, min(64*mebibyte, b.N*4096), compress)
		if err != nil {
			return err
		}
		rolled := make(chan error, 1)
		go func() { rolled <- f.Rollover() }()
		err = paced(b, f)
		return errors.Join(err, <-rolled, f.Close())
	})(b)
}

// pacedBesideGoroutine writes the lines with os.File.Write while a goroutine computes: the least that a compression can cost.
func pacedBesideGoroutine(b *testing.B) error {
	return inside(disk, func(b *testing.B, path string) error {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		var over atomic.Bool
		ended := make(chan uint32)
		go func() {
			sum, block := uint32(0), served(64<<10)
			for !over.Load() {
				sum = crc32.Update(sum, crc32.IEEETable, block)
			}
			ended <- sum
		}()
		err = paced(b, f)
		over.Store(true)
		<-ended
		return errors.Join(err, f.Close())
	})(b)
}

// paced writes b.N lines, one each 20 µs, and reports how long they took.
func paced(b *testing.B, w io.Writer) (err error) {
	line := record(200)
	took := make([]float64, b.N)
	b.ResetTimer()
	next := time.Now()
	for i := range took {
		for time.Now().Before(next) {
		}
		begin := time.Now()
		_, writeErr := w.Write(line)
		took[i] = float64(time.Since(begin).Nanoseconds())
		err = multierr.Append(err, writeErr)
		next = begin.Add(20 * time.Microsecond)
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], "p50-ns")
	b.ReportMetric(took[len(took)*99/100], "p99-ns")
	b.ReportMetric(0, "ns/op")
	return err
}
