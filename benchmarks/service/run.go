package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	base "example.com/zaphandlers/zapcore"
	"go.uber.org/zap/zapcore"
)

// run is the whole program: open, log, close, read back, account. ok is false if any record is not where it belongs. When ctx ends, the
// source stops, and everything after that is done as usual.
func run(ctx context.Context, cfg config, kinds []kind, stdout, stderr io.Writer) (ok bool, err error) {
	src, input, err := newSource(cfg)
	if err != nil {
		return false, err
	}
	defer func() { _ = input.Close() }()
	dir, err := makeDir(cfg.dir)
	if err != nil {
		return false, err
	}
	all, err := openAll(kinds, dir, stderr)
	if err != nil {
		return false, errors.Join(err, os.RemoveAll(dir))
	}

	m := newMeter(tee(all), base.ReportTo(zapcore.AddSync(stderr)))
	bar := newProgress(stderr, src, m.logged)
	made, err := src.run(ctx, m.log)
	took := bar.finish()
	if ctx.Err() != nil {
		fmt.Fprintln(stderr, "interrupted: what was logged is delivered and counted")
	}
	err = errors.Join(err, m.logger.Sync(), closeAll(all))

	fmt.Fprintf(stdout, "%s in %s, %s/s; %s logged\n\n", plural(made, src.noun()), took.Round(10*time.Millisecond),
		thousands(perSecond(made, took)), plural(m.logged(), "record"))
	ok, accounting := account(all, m, stdout)
	fmt.Fprintln(stdout)
	printLatencies(stdout, m)
	fmt.Fprintln(stdout)
	ok = verdict(ok, made == m.logged(), stdout)
	return ok, errors.Join(err, accounting, cleanUp(cfg.keep || !ok, dir, stdout))
}

// account reads every destination back, one at a time, and prints what it found. ok is false if anything is wrong.
func account(all []opened, m *meter, stdout io.Writer) (ok bool, err error) {
	var results []result
	for _, d := range all {
		r, reading := d.account(m)
		err = errors.Join(err, reading)
		results = append(results, r)
	}
	printTable(stdout, results)
	ok = err == nil
	for _, r := range results {
		for _, problem := range r.problems {
			ok = false
			fmt.Fprintf(stdout, "%s: %s\n", r.name, problem)
		}
		if n := r.tally.doubled.count; 0 < n && n <= r.tally.repeated {
			fmt.Fprintf(stdout, "%s: %s, as it says, written twice on purpose: records %s\n", r.name, plural(n, "record"), &r.tally.doubled)
		}
	}
	return ok, err
}

// account reads the destination back.
func (d *opened) account(m *meter) (result, error) {
	t := newTally(m.logged())
	if some, is := d.destination.(selective); is {
		t.wants = func(seq uint64) bool { return some.wants(seq, &m.errored) }
	}
	err := d.readBack(t)
	if err != nil {
		err = fmt.Errorf("%s: %w", d.name, err)
	}
	return newResult(d.name, d.stats(), t), err
}

func verdict(inPlace, allLogged bool, stdout io.Writer) bool {
	switch {
	case !allLogged:
		fmt.Fprintln(stdout, "WRONG: not every event has its record")
	case !inPlace:
		fmt.Fprintln(stdout, "WRONG: see above")
	default:
		fmt.Fprintln(stdout, "every record is in every destination that wants it, exactly once and as it was logged")
		return true
	}
	return false
}

func cleanUp(keep bool, dir string, stdout io.Writer) error {
	if !keep {
		return os.RemoveAll(dir)
	}
	fmt.Fprintln(stdout, "the files are in", dir)
	return nil
}

// makeDir makes the folder of a run in parent, and parent if it is not there.
func makeDir(parent string) (string, error) {
	if parent != "" {
		if err := os.MkdirAll(parent, 0o755); err != nil {
			return "", err
		}
	}
	return os.MkdirTemp(parent, "service-")
}
