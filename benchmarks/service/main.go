package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// config is what the flags say.
type config struct {
	requests  int
	producers int
	rate      int
	dir       string
	input     string
	keep      bool
	tcp       string
	syslog    string
	smtp      string
	mailTo    string
	http      string
	only      string
	durable   string
	nats      string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// command is the program: 0 if every record is where it belongs, 1 if not, 2 for flags that make no sense.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cfg, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	var ok bool
	if cfg.durable != "" {
		ok, err = runDurable(ctx, cfg, stdout, stderr)
	} else {
		var kinds []kind
		if kinds, err = chosen(destinations(cfg), cfg.only); err == nil {
			ok, err = run(ctx, cfg, kinds, stdout, stderr)
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "service:", err)
	}
	if !ok || err != nil {
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("service", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&cfg.requests, "requests", 100_000, "how many HTTP requests to make")
	flags.IntVar(&cfg.producers, "producers", 4, "how many connections make them, or goroutines log the lines of -input")
	flags.IntVar(&cfg.rate, "rate", 0, "records per second; 0 is as fast as it goes")
	flags.StringVar(&cfg.dir, "dir", "", "the folder in which the run makes its own; it is made if it is not there (default: the system's for temporary files)")
	flags.StringVar(&cfg.input, "input", "", "instead of serving requests, log each line of this `file`; - is standard input")
	flags.BoolVar(&cfg.keep, "keep", false, "keep the files; they are always kept when something is wrong with them")
	flags.StringVar(&cfg.tcp, "tcp", "", "send JSON lines to the server at this `host:port`, and not records to one of the program's own")
	flags.StringVar(&cfg.syslog, "syslog", "", "send syslog messages to the daemon at this `network://address`, and not to one of the program's own")
	flags.StringVar(&cfg.smtp, "smtp", "", "send the mails to the server at this `host:port`, and not to one of the program's own")
	flags.StringVar(&cfg.mailTo, "mailto", "postmaster@localhost", "who gets the mails")
	flags.StringVar(&cfg.http, "http", "", "post JSON lines to the collector at this `URL`, and not to one of the program's own")
	flags.StringVar(&cfg.only, "only", "", "only the destinations whose names match this `regexp`: RELP, or Forward|GELF")
	flags.StringVar(&cfg.durable, "durable", "", "log through an engine that outlives the process, with everything in this `folder`; kill it, and start it again with the same flags")
	flags.StringVar(&cfg.nats, "nats", "", "with -durable: the engine is JetStream, at this `URL`, or \"embedded\", and not files of the program's own")
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	var err error
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("service: %q is not a flag", flags.Arg(0))
	case cfg.requests < 1:
		err = errors.New("service: -requests must be at least 1")
	case cfg.producers < 1:
		err = errors.New("service: -producers must be at least 1")
	case cfg.durable == "" && cfg.nats != "":
		err = errors.New("service: -nats goes with -durable, the folder of the destinations")
	case cfg.durable != "" && cfg.input != "":
		err = errors.New("service: -durable makes requests, and reads no -input")
	case cfg.durable != "" && cfg.only != "":
		err = errors.New("service: -durable has destinations of its own, and no -only")
	case cfg.rate < 0:
		err = errors.New("service: -rate must not be negative")
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
	}
	return cfg, err
}
