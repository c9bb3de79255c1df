package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

// source is where the records come from.
type source interface {
	// run logs records until there are no more or ctx ends, and returns when each that was begun is logged. made is how
	// many the source itself counted.
	run(ctx context.Context, log func(*record)) (made uint64, err error)
	// total is how many there will be, 0 if nobody knows.
	total() uint64
	// noun is what there was one record of: "request".
	noun() string
}

// newSource returns the source that the flags ask for, and what closes it.
func newSource(cfg config) (source, io.Closer, error) {
	pace := pace{perSecond: cfg.rate, begin: time.Now()}
	if cfg.input == "" {
		return &traffic{requests: uint64(cfg.requests), connections: cfg.producers, pace: pace}, io.NopCloser(nil), nil
	}
	input := os.Stdin
	if cfg.input != "-" {
		var err error
		if input, err = os.Open(cfg.input); err != nil {
			return nil, nil, err
		}
		if info, err := input.Stat(); err == nil && info.IsDir() {
			_ = input.Close()
			return nil, nil, fmt.Errorf("-input %s is a directory", cfg.input)
		}
	}
	return &lines{input: input, producers: cfg.producers, pace: pace}, input, nil
}

// pace spreads events evenly over time.
type pace struct {
	perSecond int // 0: no limit
	begin     time.Time
}

// due returns when event n may happen.
func (p pace) due(n uint64) time.Time {
	rate := uint64(p.perSecond)
	return p.begin.Add(time.Duration(n/rate)*time.Second + time.Duration(n%rate)*time.Second/time.Duration(rate))
}

// wait waits until event n may happen. It returns false if ctx ended first.
func (p pace) wait(ctx context.Context, n uint64) bool {
	if p.perSecond == 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(time.Until(p.due(n)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}
