package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.uber.org/multierr"
)

// outcome is what a tool made of one run of a writer.
type outcome struct {
	lost, again int
	failed      string // why the tool has not run, or did not live to the end
}

// compareReaders runs every tool over every writer, and prints a table for each interval.
func compareReaders(ctx context.Context, cfg config, stdout, stderr io.Writer) (ok bool, err error) {
	base, err := os.MkdirTemp("", "readers-")
	if err != nil {
		return false, err
	}
	if cfg.keep {
		fmt.Fprintln(stderr, "files:", base)
	} else {
		defer multierr.AppendFunc(&err, func() error { return os.RemoveAll(base) })
	}
	all, some := chosenTools(cfg), chosenWriters(cfg.writers)
	if len(all) == 0 || len(some) == 0 {
		return false, errors.New("no tool or no writer has a name like that; -list has them")
	}
	intervals, err := cfg.intervals()
	var page []byte
	ok = true
	for _, every := range intervals {
		t := newTable(all, some, cfg.count)
		r := rotation{limit: fileBytes, backups: 5, every: every}
		if err := t.fill(ctx, cfg, r, base, stderr); err != nil {
			return false, err
		}
		fmt.Fprintf(stdout, "%d records, %d a file, a rotation every %v, the worst of %d runs: lost/repeated\n\n", cfg.count, recordsPerFile, every, cfg.runs)
		t.print(stdout)
		page = append(page, t.markdown(every, cfg.runs)...)
		worse, err := t.confirm(ctx, cfg, r, base, stdout, stderr)
		if err != nil {
			return false, err
		}
		ok = ok && !worse
		fmt.Fprintln(stdout)
	}
	return ok, multierr.Append(err, writePage(cfg.page, "readers", page))
}

// confirm prints where ours are worse. What was found is tried again first, twice, and one writer at a time: on a busy machine a tool falls
// behind now and then, whoever rotates. worse is true if it is so again.
func (t *table) confirm(ctx context.Context, cfg config, r rotation, base string, stdout, stderr io.Writer) (worse bool, err error) {
	complaints := t.judge()
	if len(complaints) == 0 {
		return false, nil
	}
	fmt.Fprintf(stderr, "%d are worse: they are tried again\n", len(complaints))
	again := t.doubted(complaints)
	cfg.runs, cfg.parallel = 2, 1
	if err := again.fill(ctx, cfg, r, filepath.Join(base, "again"), stderr); err != nil {
		return false, err
	}
	confirmed := make(map[complaint]string)
	for _, c := range again.judge() {
		confirmed[complaint{tool: c.tool, writer: c.writer}] = c.text
	}
	for _, c := range complaints {
		word := "worse once, and not when tried again"
		if text := confirmed[complaint{tool: c.tool, writer: c.writer}]; text != "" {
			word, worse = "worse, again", true
			c.text += "; then " + text
		}
		fmt.Fprintf(stdout, "%s: %s with %s: %s\n", word, c.tool, c.writer, c.text)
	}
	return worse, nil
}

// fill has each writer run, some at the same time.
func (t *table) fill(ctx context.Context, cfg config, r rotation, base string, stderr io.Writer) error {
	var (
		wait sync.WaitGroup
		mu   sync.Mutex // guards err and stderr
		err  error
		turn = make(chan struct{}, cfg.parallel)
	)
	for run := range cfg.runs {
		for _, w := range t.writers {
			turn <- struct{}{}
			wait.Go(func() {
				defer func() { <-turn }()
				dir := filepath.Join(base, fmt.Sprintf("%s-%v-%d", w.short(), r.every, run))
				outcomes, runErr := observe(ctx, cfg, w, r, t.tools, dir)
				mu.Lock()
				defer mu.Unlock()
				t.add(w, outcomes)
				if runErr != nil {
					err = multierr.Append(err, fmt.Errorf("%s: %w", w.name, runErr))
					return
				}
				fmt.Fprintf(stderr, "%s: run %d of %d is over\n", w.name, run+1, cfg.runs)
				if !cfg.keep {
					err = multierr.Append(err, os.RemoveAll(dir))
				}
			})
		}
	}
	wait.Wait()
	return err
}

// observe has one writer write, and all tools follow it.
func observe(ctx context.Context, cfg config, w writer, r rotation, all []tool, dir string) (map[string]outcome, error) {
	log := filepath.Join(dir, "log", "app.log")
	if err := os.MkdirAll(filepath.Dir(log), 0o755); err != nil {
		return nil, err
	}
	file, err := w.open(log, r)
	if err != nil {
		return nil, err
	}
	outcomes := make(map[string]outcome)
	var followers []*follower
	defer func() {
		for _, f := range followers {
			f.stop()
		}
	}()
	if _, err := file.Write(appendRecord(nil, greeting)); err != nil {
		return nil, multierr.Append(err, file.Close())
	}
	if err := appeared(ctx, log); err != nil {
		return nil, multierr.Append(err, file.Close())
	}
	for _, t := range all {
		if t.missing != nil {
			continue
		}
		f, err := follow(t, log, filepath.Join(dir, strings.NewReplacer(" ", "-", "/", "-", "*", "-").Replace(t.name)))
		if err != nil {
			outcomes[t.name] = outcome{failed: err.Error()}
			continue
		}
		followers = append(followers, f)
	}
	err = greet(ctx, file, followers)
	if err == nil {
		err = write(ctx, file, cfg.count, r)
	}
	if err = multierr.Append(err, file.Close()); err != nil {
		return outcomes, err
	}
	err = finish(ctx, followers, cfg)
	for _, f := range followers {
		o := outcome{lost: f.seen.lost(cfg.count), again: f.seen.again}
		if !f.seen.greeted {
			o.failed = "it has not printed the greeting: " + f.complaint()
		}
		outcomes[f.name] = o
	}
	return outcomes, err
}

// appeared waits for a log that a process of its own opens.
func appeared(ctx context.Context, log string) error {
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for until := time.Now().Add(20 * time.Second); ; {
		info, err := os.Stat(log)
		switch {
		case err == nil && info.Size() > 0:
			return nil
		case time.Now().After(until):
			return fmt.Errorf("the writer has written nothing: %w", cmp.Or(err, io.ErrUnexpectedEOF))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pace.C:
		}
	}
}

// greet writes greetings until each tool has printed one, for at most half a minute.
func greet(ctx context.Context, w io.Writer, followers []*follower) error {
	greeting := appendRecord(nil, greeting)
	until := time.Now().Add(30 * time.Second)
	pace := time.NewTicker(200 * time.Millisecond)
	defer pace.Stop()
	for {
		deaf := 0
		for _, f := range followers {
			if _, err := f.seen.read(); err != nil {
				return err
			}
			if !f.seen.greeted {
				deaf++
			}
		}
		if deaf == 0 || time.Now().After(until) {
			return nil
		}
		if _, err := w.Write(greeting); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pace.C:
		}
	}
}

// finish waits until every tool has printed all, or nothing for cfg.quiet.
func finish(ctx context.Context, followers []*follower, cfg config) error {
	pace := time.NewTicker(200 * time.Millisecond)
	defer pace.Stop()
	last := make([]time.Time, len(followers))
	for i := range last {
		last[i] = time.Now()
	}
	for {
		busy := 0
		for i, f := range followers {
			fresh, err := f.seen.read()
			if err != nil {
				return err
			}
			if fresh > 0 {
				last[i] = time.Now()
			}
			if f.seen.lost(cfg.count) > 0 && time.Since(last[i]) < cfg.quiet {
				busy++
			}
		}
		if busy == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pace.C:
		}
	}
}
