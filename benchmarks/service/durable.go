package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/queuecore/jetstream"
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/zap/zapcore"
)

// A durable run is one that may be killed and started again with the same flags until it is done. What it logs goes through an engine
// that outlives the process, and from there to each destination:
//
//	logger ─► queue ─► engine ─┬─ listener ─► file that rolls over
//	                           └─ listener ─► TCP server ─► file
//
// A ledger beside the engine says up to which record the engine has confirmed everything. Each start reads the whole engine. A record that
// was confirmed and is not there is lost; one that was not confirmed and is not there was only in memory, and is logged again. So that
// all records can be read, a cursor that never moves makes the engine keep them.
type durable struct {
	cfg    config
	dir    string
	engine queuecore.Queue
	ledger *ledger
	all    []*outlet
	stderr io.Writer
}

// keepAll is the cursor that never moves.
const keepAll = "keep all"

// copiesAKill is how many records a destination may get twice for each kill: the batch that the listener was delivering.
const copiesAKill = 256

// runDurable logs what is missing and, when all is delivered, checks every destination. ok is false if a record is not where it belongs.
func runDurable(ctx context.Context, cfg config, stdout, stderr io.Writer) (ok bool, err error) {
	d := &durable{cfg: cfg, dir: cfg.durable, stderr: stderr, all: outlets()}
	if err := d.open(); err != nil {
		return false, err
	}
	err = d.log(ctx, stdout)
	interrupted := ctx.Err() != nil
	if err = errors.Join(err, d.close()); err != nil {
		return false, err
	}
	if interrupted {
		fmt.Fprintln(stdout, "interrupted: start it again with the same flags")
		return true, nil
	}
	return d.account(stdout)
}

func (d *durable) open() (err error) {
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return err
	}
	if d.engine, err = d.openEngine(); err != nil {
		return err
	}
	if err := d.engine.Ack(keepAll, 0); err != nil {
		return errors.Join(err, d.engine.Close(context.Background()))
	}
	if d.ledger, err = openLedger(d.dir, uint64(d.cfg.requests)); err != nil {
		return errors.Join(err, d.engine.Close(context.Background()))
	}
	for _, o := range d.all {
		if err := o.open(filepath.Join(d.dir, o.folder)); err != nil {
			return errors.Join(err, d.close())
		}
	}
	return nil
}

func (d *durable) openEngine() (queuecore.Queue, error) {
	switch d.cfg.nats {
	case "":
		return queuecore.NewDisk(queuecore.DiskConfig{Dir: filepath.Join(d.dir, "queue"), MaxBytes: -1, SegmentBytes: 4 << 20})
	case "embedded":
		return jetstream.New(jetstream.Config{Dir: filepath.Join(d.dir, "jetstream"), Stream: "service"})
	default:
		return jetstream.New(jetstream.Config{URL: d.cfg.nats, Stream: "service"})
	}
}

// log logs what is not in the engine yet, and returns when everything is delivered, or ctx is done.
func (d *durable) log(ctx context.Context, stdout io.Writer) error {
	if err := d.readEngine(ctx); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "start %d: of %s, %s in the engine, %s confirmed, %s lost\n", d.ledger.starts, plural(d.ledger.total, "record"),
		thousands(d.ledger.there), thousands(d.ledger.confirmed), thousands(d.ledger.lost.count))
	var targets []queuecore.TargetConfig
	for _, o := range d.all {
		targets = append(targets, queuecore.TargetConfig{Name: o.folder, Core: o.core, BatchRecords: copiesAKill})
	}
	listener, err := queuecore.NewListener(d.engine, queuecore.ListenerConfig{Targets: targets, StopTimeout: time.Minute})
	if err != nil {
		return err
	}
	core, err := queuecore.NewHandler(d.engine, queuecore.Config{BlockTimeout: time.Minute, DrainTimeout: time.Minute})
	if err != nil {
		return err
	}
	listener.Start()
	confirming, stop := context.WithCancel(context.Background())
	confirmed := make(chan error, 1)
	go func() { confirmed <- d.ledger.confirm(confirming, core.Sync) }()

	logger := zap.New(core, zap.ErrorOutput(base.ReportTo(zapcore.AddSync(d.stderr))))
	missing := d.ledger.total - d.ledger.there
	src := &traffic{requests: missing, connections: d.cfg.producers, pace: pace{perSecond: d.cfg.rate, begin: time.Now()}}
	if missing > 0 {
		bar := newProgress(d.stderr, src, d.ledger.logged)
		_, err = src.run(ctx, func(r *record) { d.ledger.log(r, logger) })
		bar.finish()
	}
	stop()
	return errors.Join(err, <-confirmed, core.Close(), listener.Stop())
}

// readEngine tells the ledger every record in the engine.
func (d *durable) readEngine(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	cancel() // Read then returns the records that are there, and does not wait for more
	cursor := fmt.Sprintf("start %d", d.ledger.starts)
	for {
		var batch base.Batch
		last, err := d.engine.Read(ctx, cursor, &batch)
		if errors.Is(err, context.Canceled) {
			return d.ledger.compare()
		}
		if err != nil {
			return err
		}
		for i := range batch.Len() {
			d.ledger.found(batch.At(i))
		}
		if err := d.engine.Ack(cursor, last); err != nil {
			return err
		}
	}
}

func (d *durable) close() (err error) {
	for _, o := range d.all {
		err = errors.Join(err, o.close())
	}
	return errors.Join(err, d.engine.Close(context.Background()))
}

// account reads every destination back and prints what it found.
func (d *durable) account(stdout io.Writer) (ok bool, err error) {
	window := uint64(d.ledger.starts-1) * copiesAKill
	rows := [][]string{{"destination", "logged", "found", "missing", "copies", "copies allowed", "damaged", "bytes", "files"}}
	var problems []string
	for _, o := range d.all {
		t := newTally(d.ledger.total)
		t.repeated = window
		if err := t.readFiles(o.glob); err != nil {
			return false, err
		}
		row := []string{o.name}
		for _, n := range []uint64{t.logged, t.found, t.missing().count, t.doubled.count, window, t.damaged.count, uint64(t.bytes), uint64(t.files)} {
			row = append(row, thousands(n))
		}
		rows = append(rows, row)
		for _, p := range t.problems() {
			problems = append(problems, o.name+": "+p)
		}
	}
	if n := d.ledger.lost.count; n > 0 {
		problems = append(problems, fmt.Sprintf("%s confirmed and not in the engine: records %s", plural(n, "record"), &d.ledger.lost))
	}
	fmt.Fprintln(stdout)
	printColumns(stdout, rows)
	for _, p := range problems {
		fmt.Fprintln(stdout, p)
	}
	fmt.Fprintln(stdout)
	if len(problems) > 0 {
		fmt.Fprintln(stdout, "WRONG: see above; the files are in", d.dir)
		return false, nil
	}
	fmt.Fprintf(stdout, "after %s every record is in every destination, as it was logged; remove %s to begin again\n", plural(uint64(d.ledger.starts), "start"), d.dir)
	return true, nil
}
