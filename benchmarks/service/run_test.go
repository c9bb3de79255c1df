package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	base "example.com/zaphandlers/zapcore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
)

// try is run with the streams as texts. The files of the run go under a folder of the test's.
func try(t *testing.T, ctx context.Context, cfg config, kinds ...kind) (ok bool, dir, stdout, stderr string) {
	t.Helper()
	cfg.dir, cfg.producers = t.TempDir(), cmp.Or(cfg.producers, 3)
	var out, errs bytes.Buffer
	ok, err := run(ctx, cfg, kinds, &out, &errs)
	require.NoError(t, err, "%s%s", &out, &errs)
	return ok, cfg.dir, out.String(), errs.String()
}

// fake is the rotating file, with whatever goes wrong put in the way of it.
type fake struct {
	rotatingFile
	dir    string
	wrap   func(zapcore.Core) zapcore.Core // around the core
	tamper func(lines []string) []string   // with what was written, before it is read back
	lie    func(base.Stats) base.Stats     // in stats
	closed *bool                           // set by close
}

func (d *fake) kind(name string) kind { return kind{name, func() destination { return d }} }

func (d *fake) open(dir string) (zapcore.Core, error) {
	d.dir = dir
	core, err := d.rotatingFile.open(dir)
	if d.wrap != nil && err == nil {
		core = d.wrap(core)
	}
	return core, err
}

func (d *fake) close() error {
	if d.closed != nil {
		*d.closed = true
	}
	return d.rotatingFile.close()
}

func (d *fake) stats() base.Stats {
	if d.lie != nil {
		return d.lie(d.rotatingFile.stats())
	}
	return d.rotatingFile.stats()
}

func (d *fake) readBack(t *tally) error {
	if d.tamper != nil {
		path := filepath.Join(d.dir, "app.log")
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		lines := d.tamper(strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n"))
		if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o644); err != nil {
			return err
		}
	}
	return d.rotatingFile.readBack(t)
}

func TestRunFindsEveryRequestInEveryDestination(t *testing.T) {
	ok, dir, stdout, stderr := try(t, t.Context(), config{requests: 3000},
		kind{"one", func() destination { return new(rotatingFile) }},
		kind{"another", func() destination { return new(rotatingFile) }})
	assert.True(t, ok, stdout)
	assert.Contains(t, stdout, "3,000 records logged")
	assert.Regexp(t, `(?m)^one +3,000 +3,000 +0 +0 +0 +3,000 +\d{3},\d{3} +1$`, stdout)
	assert.Regexp(t, `(?m)^another +3,000 +3,000 +0 +0 +0 +3,000 +\d{3},\d{3} +1$`, stdout)
	assert.Contains(t, stdout, "every record is in every destination that wants it, exactly once")
	for line := range strings.Lines(stderr) {
		assert.Regexp(t, `^[\d,]+ of 3,000 requests, [\d,]+/s\n$`, line, "nothing is said but, on a slow machine, how far it is")
	}
	assert.Empty(t, names(t, dir), "nothing is left behind")
}

func TestRunLogsWhatTheShopDid(t *testing.T) {
	found := map[string]int{}
	watch := func(core zapcore.Core) zapcore.Core {
		return zapcore.RegisterHooks(core, func(ent zapcore.Entry) error {
			found[ent.Level.String()]++
			return nil
		})
	}
	ok, dir, stdout, _ := try(t, t.Context(), config{requests: 400, producers: 1, keep: true}, (&fake{wrap: watch}).kind("file"))
	require.True(t, ok, stdout)
	assert.Equal(t, map[string]int{"info": 392, "warn": 6, "error": 2}, found)
	records := read(t, dir)
	require.Len(t, records, 400)
	for _, r := range records {
		assert.NotEmpty(t, r.Remote)
		assert.NotZero(t, r.Duration)
		assert.Equal(t, "customer/1.0 (+loopback)", r.UserAgent)
		assert.Len(t, r.RequestID, 16)
		assert.Equal(t, r.Status == 500, r.Error == "report: database is locked")
		assert.Equal(t, r.Status < 300 && r.Method == "GET", r.Bytes > 0, "%+v", r)
	}
}

func TestRunLogsEveryLineOfAnInput(t *testing.T) {
	want := []string{"", "plain", "from Windows\r", "\r", "\ttabs and \"quotes\" \\ \x1b[31m", "Grüße, 世界", strings.Repeat("long ", 40_000), "", "the last, with no end"}
	path := filepath.Join(t.TempDir(), "input")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(want, "\n")+" \xff\xfe"), 0o644))
	want[len(want)-1] += " \ufffd\ufffd"

	ok, dir, stdout, _ := try(t, t.Context(), config{input: path, keep: true}, kind{"file", func() destination { return new(rotatingFile) }})
	assert.True(t, ok, stdout)
	assert.Contains(t, stdout, "9 lines in ")
	var got []string
	for _, r := range read(t, dir) {
		got = append(got, r.Message)
	}
	assert.ElementsMatch(t, want, got)
}

func TestEveryDestinationHoldsALongLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "input")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("long ", 600_000)+"\nshort\n"), 0o644))
	ok, _, stdout, stderr := try(t, t.Context(), config{input: path, producers: 1}, destinations(config{input: path, mailTo: "ops@example.com"})...)
	assert.True(t, ok, "%s%s", stdout, stderr)
	assert.Contains(t, stdout, "2 lines in ")
}

func TestRunAccountsForWhatWasLoggedBeforeAnInterruption(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	wrap := func(core zapcore.Core) zapcore.Core {
		n := 0
		return zapcore.RegisterHooks(core, func(zapcore.Entry) error {
			if n++; n == 100 {
				interrupt()
			}
			return nil
		})
	}
	ok, _, stdout, stderr := try(t, ctx, config{requests: 1_000_000_000, producers: 1}, (&fake{wrap: wrap}).kind("file"))
	assert.True(t, ok, stdout)
	assert.Contains(t, stdout, "100 requests in ")
	assert.Contains(t, stdout, "100 records logged")
	assert.Contains(t, stderr, "interrupted")
}

func TestRunNamesWhatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		name string
		fake fake
		want string
	}{
		{
			"a record that is missing",
			fake{tamper: func(l []string) []string { return append(l[:17:17], l[18:]...) }},
			"file: 1 record: missing: records 17\n",
		}, {
			"a run of records, and the last",
			fake{tamper: func(l []string) []string { return append(l[:3:3], l[6:99]...) }},
			"file: 4 records: missing: records 3–5, 99\n",
		}, {
			"everything",
			fake{tamper: func([]string) []string { return nil }},
			"file: 100 records: missing: records 0–99\n",
		}, {
			"a record that is there twice",
			fake{tamper: func(l []string) []string { return append(l, "\n", l[42]) }},
			"file: 1 record: doubled: records 42\n",
		}, {
			"a value that changed",
			fake{tamper: func(l []string) []string {
				l[5] = strings.Replace(l[5], `"status":200`, `"status":201`, 1)
				return l
			}},
			"app.log line 6: record 5 is not what was logged",
		}, {
			"a line that was cut",
			fake{tamper: func(l []string) []string {
				l[7] = l[7][:50] + "\n"
				return l
			}},
			"app.log line 8: unexpected end of JSON input",
		}, {
			"two records in one line",
			fake{tamper: func(l []string) []string {
				l[7] = strings.TrimSuffix(l[7], "\n")
				return l
			}},
			"file: 2 records: missing: records 7–8\n",
		}, {
			"a record of another run",
			fake{tamper: func(l []string) []string {
				r := record{Seq: 100}
				r.Sum = r.checksum()
				text, _ := json.Marshal(r)
				return append(l, "\n", string(text))
			}},
			"file: 1 record: never logged: records 100\n",
		}, {
			"counts that do not add up",
			fake{lie: func(s base.Stats) base.Stats { s.Delivered -= 3; return s }},
			"file: accepted is not delivered + dropped + skipped + pending, but +3\n",
		}, {
			"records that a core refused",
			fake{wrap: func(core zapcore.Core) zapcore.Core { return refusing{core} }},
			"file: 2 records: missing: records 49, 99\n",
		}, {
			"records that a core did not take",
			fake{wrap: func(core zapcore.Core) zapcore.Core { return refusing{core} }},
			"file: of 100 records logged 98 accepted and 0 refused\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.fake.tamper = withoutBlankLines(tt.fake.tamper)
			ok, dir, stdout, _ := try(t, t.Context(), config{requests: 100, producers: 1}, tt.fake.kind("file"))
			assert.False(t, ok)
			assert.Contains(t, stdout, tt.want)
			assert.Contains(t, stdout, "WRONG")
			assert.Len(t, names(t, dir), 1, "the files are kept")
		})
	}
}

// TestRunAsksADestinationWhatItWants is one that wants no errors, and gets and keeps them all the same.
func TestRunAsksADestinationWhatItWants(t *testing.T) {
	ok, _, stdout, _ := try(t, t.Context(), config{requests: 1000, producers: 1}, kind{"file", func() destination { return &peaceful{} }})
	assert.False(t, ok)
	assert.Contains(t, stdout, "file: 5 records: not wanted here: records 199, 399, 599, 799, 999\n")
	assert.Contains(t, stdout, "file: 0 records skipped, and 5 not wanted here\n")
	assert.NotContains(t, stdout, "missing")
}

type peaceful struct{ fake }

func (*peaceful) wants(seq uint64, errored *set) bool { return !errored.has(seq) }

// withoutBlankLines lets a case join lines with more line ends than there are.
func withoutBlankLines(tamper func([]string) []string) func([]string) []string {
	if tamper == nil {
		return nil
	}
	return func(lines []string) []string {
		text := strings.Join(tamper(lines), "")
		return []string{strings.ReplaceAll(text, "\n\n", "\n")}
	}
}

// refusing is a core that takes no warnings and says so: of a hundred requests, those for what is not there.
type refusing struct{ zapcore.Core }

func (c refusing) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, c)
}

func (c refusing) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	if ent.Level == zapcore.WarnLevel {
		return errors.New("no")
	}
	return c.Core.Write(ent, fields)
}

func TestOpenAllLeavesOutWhatTheSystemDoesNotHave(t *testing.T) {
	var said bytes.Buffer
	all, err := openAll([]kind{
		{"elsewhere", func() destination { return unopenable{fmt.Errorf("not on this system: %w", errors.ErrUnsupported)} }},
		(&fake{}).kind("file"),
	}, t.TempDir(), &said)
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, "elsewhere: left out: not on this system: unsupported operation\n", said.String())
	require.NoError(t, closeAll(all))
}

func TestOpenAllClosesWhatWasOpenedBeforeAFailure(t *testing.T) {
	var closed bool
	_, err := openAll([]kind{
		(&fake{closed: &closed}).kind("file"),
		{"broken", func() destination { return unopenable{errors.New("no such luck")} }},
	}, t.TempDir(), io.Discard)
	assert.EqualError(t, err, "broken: no such luck")
	assert.True(t, closed)
}

type unopenable struct{ err error }

func (d unopenable) open(string) (zapcore.Core, error) { return nil, d.err }
func (unopenable) close() error                        { return errors.New("closed without having been opened") }
func (unopenable) stats() base.Stats                   { return base.Stats{} }
func (unopenable) readBack(*tally) error               { return nil }

func TestCommandExitCodes(t *testing.T) {
	for _, tt := range []struct {
		args string
		want int
		says string
	}{
		{"-h", 0, "-producers"},
		{"-requests 20 -producers 2", 0, ""},
		{"-requests 20 -producers 2 -rate 100000", 0, ""},
		{"-requests none", 2, "invalid value"},
		{"-requests 0", 2, "-requests must be at least 1"},
		{"-producers 0", 2, "-producers must be at least 1"},
		{"-rate -1", 2, "-rate must not be negative"},
		{"more", 2, `"more" is not a flag`},
		{"-input no/such/file", 1, "no/such/file"},
		{"-input .", 1, "-input . is a directory"},
		{"-dir main.go/folder", 1, "main.go"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			got := command(t.Context(), strings.Fields(tt.args), &stdout, &stderr)
			assert.Equal(t, tt.want, got, "%s%s", &stdout, &stderr)
			assert.Contains(t, stderr.String(), tt.says)
		})
	}
}

// names returns what is in dir.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// read returns the records in the files that a run kept under dir.
func read(t *testing.T, dir string) []record {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*", "app.log*"))
	require.NoError(t, err)
	var records []record
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			var r record
			require.NoError(t, json.Unmarshal([]byte(line), &r))
			records = append(records, r)
		}
	}
	return records
}

func TestMakeDirMakesItsParent(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "not", "there")
	dir, err := makeDir(parent)
	require.NoError(t, err)
	require.Equal(t, parent, filepath.Dir(dir))
	require.DirExists(t, dir)
}
