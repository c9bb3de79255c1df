package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// ledger knows which records a durable run has logged, over all its starts. Its file "ledger" in the run's folder, which is replaced as a
// whole, has three numbers: how many records there will be, how often the run was started, and the number below which every record is
// confirmed to be in the engine.
type ledger struct {
	path      string
	total     uint64
	starts    int
	confirmed uint64
	there     uint64 // in the engine at this start
	lost      ranges // confirmed, and not there

	mu   sync.Mutex // guards the fields below
	has  set        // records that are in the engine, or whose logging call has returned
	next uint64     // the records below this number were handed out
	low  uint64     // the records below this number are in has
	done uint64     // logging calls that have returned in this start
}

func openLedger(dir string, total uint64) (*ledger, error) {
	l := &ledger{path: filepath.Join(dir, "ledger"), total: total}
	text, err := os.ReadFile(l.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		var before uint64
		if _, err := fmt.Sscan(string(text), &before, &l.starts, &l.confirmed); err != nil {
			return nil, fmt.Errorf("%s: %w", l.path, err)
		}
		if before != total {
			return nil, fmt.Errorf("%s is of a run with -requests %d", l.path, before)
		}
	}
	l.starts++
	return l, l.write(l.confirmed)
}

func (l *ledger) write(confirmed uint64) error {
	text := fmt.Sprintln(l.total, l.starts, confirmed)
	if err := os.WriteFile(l.path+".new", []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(l.path+".new", l.path)
}

// found notes a record that is in the engine.
func (l *ledger) found(r *base.Record) {
	fields := zapcore.NewMapObjectEncoder()
	for _, f := range r.AppendFields(nil) {
		f.AddTo(fields)
	}
	seq, ok := fields.Fields["seq"].(uint64)
	if ok && seq < l.total && !l.has.has(seq) {
		l.has.add(seq)
		l.there++
	}
}

// compare finds the records that are lost, after found was called for all records in the engine.
func (l *ledger) compare() error {
	for seq := range l.confirmed {
		if !l.has.has(seq) {
			l.lost.add(seq)
		}
	}
	return nil
}

// log logs r as the next record that is not in the engine.
func (l *ledger) log(r *record, logger *zap.Logger) {
	l.mu.Lock()
	for l.has.has(l.next) {
		l.next++
	}
	r.Seq = l.next
	l.next++
	l.mu.Unlock()
	r.Sum = r.checksum()
	r.log(logger)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.has.add(r.Seq)
	l.done++
}

func (l *ledger) logged() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.done
}

// lowest returns the number below which every record is in the engine or logged.
func (l *ledger) lowest() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.low < l.total && l.has.has(l.low) {
		l.low++
	}
	return l.low
}

// confirm calls sync from time to time, and once more when ctx is done, and writes down what is in the engine then.
func (l *ledger) confirm(ctx context.Context, sync func() error) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for confirmed := l.confirmed; ; {
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
		if low := l.lowest(); low > confirmed {
			if err := sync(); err != nil {
				return err
			}
			if err := l.write(low); err != nil {
				return err
			}
			confirmed = low
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}
