package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// config is what the flags say.
type config struct {
	tools, writers, mounts string
	every                  string
	count, runs, parallel  int
	quiet                  time.Duration
	modules, page          string
	filesystems, list      bool
	keep                   bool
}

// roles are what this program is when it has started itself.
var roles = map[string]func(args []string) error{
	"nxadm": followByNxadm,
	"write": writeUntilKilled,
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "-as" && roles[os.Args[2]] != nil {
		if err := roles[os.Args[2]](os.Args[3:]); err != nil {
			fmt.Fprintln(os.Stderr, "readers:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// command is the program: 0 if ours are no worse than others, 1 if they are, 2 for flags that make no sense.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cfg, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	do := compareReaders
	switch {
	case cfg.list:
		do = list
	case cfg.filesystems:
		do = compareFilesystems
	}
	ok, err := do(ctx, cfg, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "readers:", err)
	}
	if !ok || err != nil {
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("readers", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&cfg.tools, "tools", "", "only tools whose name has one of these `words`, separated by commas")
	flags.StringVar(&cfg.writers, "writers", "", "only writers whose name has one of these `words`; ours bring those they are compared with")
	flags.StringVar(&cfg.mounts, "mounts", "", "only file systems whose name has one of these `words`")
	flags.StringVar(&cfg.every, "every", "1.6s", "how often a writer rotates: one or several `durations`, separated by commas")
	flags.IntVar(&cfg.count, "count", 0, "how many records are written (default 20,000; 100,000 with -filesystems)")
	flags.IntVar(&cfg.runs, "runs", 2, "how often each writer writes them")
	flags.IntVar(&cfg.parallel, "parallel", 3, "how many writers write at the same time, each to a log of its own")
	flags.DurationVar(&cfg.quiet, "quiet", 6*time.Second, "how long a tool may print nothing before it counts as done")
	flags.StringVar(&cfg.modules, "modules", defaultModules(), "the `folder` that has the npm packages")
	flags.StringVar(&cfg.page, "write", "", "also write the table into this `page` of Markdown, between <!-- readers --> or <!-- filesystems --> and its end")
	flags.BoolVar(&cfg.filesystems, "filesystems", false, "compare file systems instead of readers")
	flags.BoolVar(&cfg.list, "list", false, "list tools, writers and file systems")
	flags.BoolVar(&cfg.keep, "keep", false, "keep the files")
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	if cfg.count == 0 {
		cfg.count = 20_000
		if cfg.filesystems {
			cfg.count = 100_000
		}
	}
	var err error
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("readers: %q is not a flag", flags.Arg(0))
	case cfg.count < 1 || cfg.count >= 10_000_000:
		err = errors.New("readers: -count must be from 1 to 9999999")
	case cfg.runs < 1:
		err = errors.New("readers: -runs must be at least 1")
	case cfg.parallel < 1:
		err = errors.New("readers: -parallel must be at least 1")
	}
	if err == nil {
		_, err = cfg.intervals()
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
	}
	return cfg, err
}

// intervals returns what -every says.
func (c config) intervals() (intervals []time.Duration, err error) {
	for word := range strings.SplitSeq(c.every, ",") {
		d, err := time.ParseDuration(strings.TrimSpace(word))
		if err != nil || d < time.Millisecond {
			return nil, fmt.Errorf("readers: -every: %q is no duration such as 1.6s", word)
		}
		intervals = append(intervals, d)
	}
	return intervals, nil
}

// chosen tells whether a name has one of the words of a flag.
func chosen(name, words string) bool {
	for word := range strings.SplitSeq(words, ",") {
		if strings.Contains(strings.ToLower(name), strings.ToLower(strings.TrimSpace(word))) {
			return true
		}
	}
	return false
}

// defaultModules is where scripts/readers.sh puts the npm packages.
func defaultModules() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "zaphandlers", "readers", "node_modules")
}

// list prints what there is.
func list(_ context.Context, cfg config, stdout, _ io.Writer) (bool, error) {
	fmt.Fprintln(stdout, "tools:")
	for _, t := range tools(cfg) {
		if t.missing != nil {
			fmt.Fprintf(stdout, "  %-34s left out: %v\n", t.name, t.missing)
			continue
		}
		fmt.Fprintf(stdout, "  %-34s %s\n", t.name, t.version)
	}
	fmt.Fprintln(stdout, "writers:")
	for _, w := range writers() {
		fmt.Fprintf(stdout, "  %-34s %s\n", w.name, w.comparison())
	}
	fmt.Fprintln(stdout, "file systems:")
	for _, m := range mounts() {
		fmt.Fprintf(stdout, "  %s\n", m.name)
	}
	return true, nil
}
