package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	base "example.com/zaphandlers/zapcore"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
)

// destinations is where each record goes, all of it through one Tee. A new one is a file of its own and a line here.
func destinations(cfg config) []kind {
	two := newTwoTargets(cfg).kinds()
	return []kind{
		{"rotating file", func() destination { return new(rotatingFile) }},
		{"file rotated each second", func() destination { return new(timedFile) }},
		{"file renamed by others", func() destination { return new(watchedFile) }},
		{"queue → rotating file", func() destination { return new(queuedFile) }},
		two[0],
		two[1],
		{"flight recorder", func() destination { return new(flightRecorder) }},
		{"queue → TCP server → file", func() destination { return &socket{addr: cfg.tcp} }},
		{"queue → syslog daemon", func() destination { return &syslogDaemon{target: cfg.syslog} }},
		{"mail, the first and a digest", func() destination { return &mailbox{addr: cfg.smtp, to: cfg.mailTo} }},
		{"event log", func() destination { return new(eventLog) }},
		{"queue → HTTP collector", func() destination { return &collector{url: cfg.http} }},
		{"queue → OTLP", func() destination { return &remote{start: startOTLP} }},
		{"queue → RELP", func() destination { return &remote{start: startRELP} }},
		{"queue → journal", func() destination { return &remote{start: startJournal} }},
		{"queue → Fluent Forward", func() destination { return &remote{start: startForward} }},
		{"queue → GELF over TCP", func() destination { return &remote{start: startGELF} }},
	}
}

// chosen returns the kinds whose names match only. It is an error if none do.
func chosen(kinds []kind, only string) ([]kind, error) {
	match, err := regexp.Compile(only)
	if err != nil {
		return nil, fmt.Errorf("-only: %w", err)
	}
	var some []kind
	for _, k := range kinds {
		if match.MatchString(k.name) {
			some = append(some, k)
		}
	}
	if len(some) == 0 {
		return nil, fmt.Errorf("-only %s: there is no such destination", only)
	}
	return some, nil
}

// kind is a destination before it is opened.
type kind struct {
	name string
	make func() destination
}

// destination is one place where records go. Its methods are called once each, in this order.
type destination interface {
	// open makes it ready and returns the core that leads to it, for all levels. dir is an empty folder of its own. An
	// error that wraps errors.ErrUnsupported leaves the destination out.
	open(dir string) (zapcore.Core, error)
	// close delivers what is still on the way, within a deadline, and releases everything.
	close() error
	// stats returns the destination's own counts, after close.
	stats() base.Stats
	// readBack gives t every record that has arrived, usually by t.readFiles.
	readBack(t *tally) error
}

// selective is a destination that does not want every record; the others are skipped.
type selective interface {
	// wants reports whether the destination wants record seq. errored are the records at Error and above.
	wants(seq uint64, errored *set) bool
}

// opened is a destination that the run has opened.
type opened struct {
	destination
	name string
	core zapcore.Core
}

// openAll opens each kind in a folder of its own under dir. One that this system does not have is left out, with a word
// about it; if another fails, those before it are closed again.
func openAll(kinds []kind, dir string, stderr io.Writer) ([]opened, error) {
	var all []opened
	for i, k := range kinds {
		d := k.make()
		core, err := openIn(filepath.Join(dir, fmt.Sprint(i+1)), d)
		switch {
		case errors.Is(err, errors.ErrUnsupported):
			fmt.Fprintf(stderr, "%s: left out: %v\n", k.name, err)
		case err != nil:
			return nil, errors.Join(fmt.Errorf("%s: %w", k.name, err), closeAll(all))
		default:
			all = append(all, opened{d, k.name, core})
		}
	}
	return all, nil
}

func openIn(dir string, d destination) (zapcore.Core, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	return d.open(dir)
}

// tee returns the one core that leads to all of them.
func tee(all []opened) zapcore.Core {
	var cores []zapcore.Core
	for _, d := range all {
		cores = append(cores, d.core)
	}
	return zapcore.NewTee(cores...)
}

func closeAll(all []opened) error {
	var err error
	for _, d := range all {
		if closing := d.close(); closing != nil {
			err = multierr.Append(err, fmt.Errorf("%s: %w", d.name, closing))
		}
	}
	return err
}
