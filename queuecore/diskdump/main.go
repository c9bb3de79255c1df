package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore/internal/disklog"
	base "example.com/zaphandlers/zapcore"
)

func main() { os.Exit(command(os.Args[1:], os.Stdout, os.Stderr)) }

const usage = `usage: diskdump list DIR
       diskdump dump DIR [-from N] [-cursor NAME]
       diskdump salvage DIR TO [-cursors]
`

// commands are the arguments of each command. A flag of another command is an error.
var commands = map[string]struct {
	folders int
	flags   []string
}{
	"list": {1, nil}, "dump": {1, []string{"from", "cursor"}}, "salvage": {2, []string{"cursors"}},
}

// errMissing says that records are missing; which ones has been printed.
var errMissing = errors.New("records are missing")

// errUsage says that the arguments are invalid.
var errUsage = errors.New(strings.TrimSuffix(usage, "\n"))

// command is main without its exit: it returns the exit status.
func command(args []string, stdout, stderr io.Writer) int {
	out := bufio.NewWriter(stdout)
	err := run(args, out, stderr)
	if flushErr := out.Flush(); err == nil {
		err = flushErr
	}
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintln(stderr, err)
		return 2
	default:
		fmt.Fprintln(stderr, "diskdump:", err)
		return 1
	}
}

func run(args []string, stdout io.Writer, stderr io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	flags := flag.NewFlagSet("diskdump", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, usage) }
	from := flags.Uint64("from", 0, "")
	cursor := flags.String("cursor", "", "")
	cursors := flags.Bool("cursors", false, "")
	folders, err := parse(flags, args[1:])
	if err != nil {
		return err
	}
	takes, known := commands[args[0]]
	flags.Visit(func(f *flag.Flag) { known = known && slices.Contains(takes.flags, f.Name) })
	if !known || len(folders) != takes.folders {
		return errUsage
	}
	view, err := disklog.NewView(folders[0])
	if err != nil {
		return err
	}
	if len(view.Segments) == 0 && len(view.Cursors) == 0 {
		return fmt.Errorf("%s: neither a segment nor a cursor is there", folders[0])
	}
	switch args[0] {
	case "list":
		return list(view, stdout)
	case "dump":
		return dump(view, *from, *cursor, stdout, stderr)
	default:
		return salvage(view, folders[1], *cursors, stdout, stderr)
	}
}

// parse parses flags, which may stand between and after the other arguments, and returns the others.
func parse(flags *flag.FlagSet, args []string) (others []string, err error) {
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, errUsage
		}
		if args = flags.Args(); len(args) > 0 {
			others, args = append(others, args[0]), args[1:]
		}
	}
	return others, nil
}

// dump prints records as JSON lines.
func dump(view *disklog.View, from uint64, cursor string, stdout, stderr io.Writer) error {
	if cursor != "" {
		i := slices.IndexFunc(view.Cursors, func(c disklog.CursorView) bool { return c.Name == cursor })
		if i < 0 {
			return fmt.Errorf("there is no cursor %q", cursor)
		}
		from = max(from, view.Cursors[i].Number+1)
	}
	p := printer{encoder: base.NewJSON(zap.NewProductionEncoderConfig()), from: from, stdout: stdout, stderr: stderr}
	missing := uint64(0)
	for i, s := range view.Segments {
		if s.Aside {
			fmt.Fprintf(stderr, "%s is passed over: salvage reads it\n", s.Name)
			continue
		}
		x, err := view.Walk(i, p.print)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // every cursor has passed it meanwhile
		case err != nil:
			return err
		}
		if x.Missing > 0 {
			missing += x.Missing
			fmt.Fprintf(stderr, "%s: records missing: %d\n", s.Name, x.Missing)
		}
	}
	if missing+p.unreadable > 0 {
		return errMissing
	}
	return nil
}

// printer prints records as JSON lines, those from number from on.
type printer struct {
	encoder        zapcore.Encoder
	from           uint64
	stdout, stderr io.Writer

	record     base.Record
	unreadable uint64 // how many records could not be parsed
}

// print prints one record. It reports a record that cannot be parsed to stderr.
func (p *printer) print(number uint64, payload []byte) error {
	if number < p.from {
		return nil
	}
	if err := p.record.Parse(payload); err != nil {
		p.unreadable++
		fmt.Fprintf(p.stderr, "record %d: %v\n", number, err)
		return nil
	}
	line, err := p.record.Encode(p.encoder)
	if err != nil {
		return fmt.Errorf("record %d: %w", number, err)
	}
	defer line.Free()
	_, err = p.stdout.Write(line.Bytes())
	return err
}
