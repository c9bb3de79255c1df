package writesyncers

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// These tests make CPython's own handlers do the same as ours, in another directory, and compare the files.

const rotatingScript = `
import json, logging, logging.handlers, os, sys
for c in json.load(sys.stdin):
    h = logging.handlers.RotatingFileHandler(os.path.join(c["dir"], "app.log"), maxBytes=c["max"], backupCount=c["count"], delay=c["delay"])
    if c["namer"]: h.namer = lambda name: name + ".old"
    for r in c["records"]:
        if r == "ROLL": h.doRollover()
        else: h.emit(logging.makeLogRecord({"msg": r}))
    h.close()
print("true")
`

func TestRotatingFileIsCPythons(t *testing.T) { eachPython(t, rotatingFileIsCPythons) }

func rotatingFileIsCPythons(t *testing.T, py cpython) {
	type sequence struct {
		Dir     string   `json:"dir"`
		Max     int64    `json:"max"`
		Count   int      `json:"count"`
		Delay   bool     `json:"delay"`
		Namer   bool     `json:"namer"`
		Records []string `json:"records"`
	}
	rng := rand.New(rand.NewPCG(1, 9))
	sequences := make([]sequence, 60)
	for i := range sequences {
		s := &sequences[i]
		*s = sequence{Dir: t.TempDir(), Max: rng.Int64N(300), Count: rng.IntN(5), Delay: rng.IntN(2) == 0, Namer: rng.IntN(3) == 0}
		longest := 120
		if py.minor < 13 {
			s.Max += 150 // before 3.13 a record too long for an empty file rolled it over
		}
		for range rng.IntN(60) {
			r := strings.Repeat("x", rng.IntN(longest))
			if rng.IntN(15) == 0 && s.Count > 0 && len(s.Records) > 0 && s.Records[len(s.Records)-1] != "ROLL" {
				r = "ROLL"
			}
			s.Records = append(s.Records, r)
		}
		s.Records = append(s.Records, "end") // after a rollover with delay Python has no file until the next record
	}
	var done bool
	py.run(t, rotatingScript, sequences, &done)
	for _, s := range sequences {
		cfg := RotatingFileConfig{MaxBytes: s.Max, BackupCount: s.Count, Delay: s.Delay, Fsync: FsyncNever}
		if s.Namer && s.Count != 0 { // without backups it has no effect, and is refused
			cfg.Namer = func(name string) string { return name + ".old" }
		}
		f, dir := rotating(t, cfg)
		for _, r := range s.Records {
			if r == "ROLL" {
				require.NoError(t, f.Rollover())
				continue
			}
			write(t, f, r+"\n")
		}
		require.NoError(t, f.Close())
		require.Equal(t, tree(t, s.Dir), tree(t, dir), "maxBytes %d, backupCount %d", s.Max, s.Count)
	}
}

// fakeClock is a zapcore.Clock that tests set.
type fakeClock struct {
	mu  sync.Mutex // the timer asks the clock, too
	now time.Time
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

func (c *fakeClock) NewTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }

const timedScript = `
import json, logging, logging.handlers, os, sys, time
for c in json.load(sys.stdin):
    os.environ["TZ"] = c["zone"]
    time.tzset()
    time.time = lambda: c["times"][0]
    h = logging.handlers.TimedRotatingFileHandler(os.path.join(c["dir"], "app.log"), when=c["when"], interval=c["interval"], backupCount=c["count"], delay=True)
    for i, t in enumerate(c["times"]):
        time.time = lambda: t
        h.emit(logging.makeLogRecord({"msg": str(i)}))
    h.close()
print("true")
`

func TestTimedRotatingFileIsCPythons(t *testing.T) { eachPython(t, timedRotatingFileIsCPythons) }

func timedRotatingFileIsCPythons(t *testing.T, py cpython) {
	type sequence struct {
		Dir      string  `json:"dir"`
		Zone     string  `json:"zone"`
		When     string  `json:"when"`
		Interval int     `json:"interval"`
		Count    int     `json:"count"`
		Times    []int64 `json:"times"`
	}
	rng := rand.New(rand.NewPCG(3, 4))
	sequences := make([]sequence, 60)
	for i := range sequences {
		s := &sequences[i]
		*s = sequence{Dir: t.TempDir(), Zone: "UTC", When: []string{"S", "M", "H", "D", "midnight", "W3"}[i%6], Interval: 1 + rng.IntN(3), Count: rng.IntN(4)}
		if s.When == "midnight" && py.minor >= 13 {
			s.Zone = "Europe/Berlin"
		}
		if py.minor < 13 {
			s.Interval = 1
		}
		at := int64(1704067201) + rng.Int64N(31536000)
		for range 5 + rng.IntN(30) {
			s.Times = append(s.Times, at)
			at += 1 + rng.Int64N(int64(2*Schedule{When: s.When}.length()/time.Second))
		}
	}
	var done bool
	py.run(t, timedScript, sequences, &done)
	for _, s := range sequences {
		dir := t.TempDir()
		clock := &fakeClock{now: time.Unix(s.Times[0], 0)}
		f, err := NewTimedRotatingFile(TimedRotatingFileConfig{
			Path: filepath.Join(dir, "app.log"), When: s.When, Interval: s.Interval, Location: zone(t, s.Zone), BackupCount: s.Count,
			Delay: true, Clock: clock, Fsync: FsyncNever, OnError: unexpected(t),
		})
		require.NoError(t, err)
		for i, at := range s.Times {
			clock.set(time.Unix(at, 0))
			write(t, f, fmt.Sprintf("%d\n", i))
		}
		require.NoError(t, f.Close())
		require.Equal(t, tree(t, s.Dir), tree(t, dir), "%+v", s)
	}
}

const filesToDeleteScript = `
import json, logging.handlers, os, sys
namers = {"": None, "suffix": lambda n: n + ".old", "moved": lambda n: n.replace("app.log.", "app.") + ".log"}
c = json.load(sys.stdin)
out = {}
for name, namer in namers.items():
    for when in ("S", "M", "H", "midnight"):
        h = logging.handlers.TimedRotatingFileHandler(os.path.join(c["dir"], "app.log"), when=when, backupCount=1, delay=True)
        h.namer = namer
        h.backupCount = 0
        out[name + when] = sorted(os.path.basename(p) for p in h.getFilesToDelete())
json.dump(out, sys.stdout)
`

func TestOurBackupsAreThoseOfCPythonsGetFilesToDelete(t *testing.T) {
	eachPython(t, ourBackupsAreThoseOfCPythonsGetFilesToDelete)
}

func ourBackupsAreThoseOfCPythonsGetFilesToDelete(t *testing.T, py cpython) {
	if py.minor < 13 {
		t.Skip("Python's rule is that of 3.13")
	}
	dir := t.TempDir()
	dates := []string{"2024-03-01", "2024-13-99", "2024-03-01_10", "2024-03-01_10-11", "2024-03-01_10-11-12", "12024-03-01", "2024-03-011", "x"}
	for _, date := range dates {
		for _, format := range []string{"app.log.%s", "app.log.%s.old", "app.%s.log", "app.log.%s.gz", "other.log.%s", "app.log%s", "app.log.x%s", "x.app.log.%s", "app.log.%s-%[1]s"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf(format, date)), nil, 0o600))
		}
	}
	var want map[string][]string
	py.run(t, filesToDeleteScript, map[string]string{"dir": dir}, &want)
	namers := map[string]func(string) string{
		"": nil, "suffix": func(n string) string { return n + ".old" },
		"moved": func(n string) string { return strings.Replace(n, "app.log.", "app.", 1) + ".log" },
	}
	for name, namer := range namers {
		all := map[string]bool{} // a backup is ours whatever When was when it was made, and whether there was a Namer
		for _, when := range []string{"S", "M", "H", "midnight"} {
			for _, file := range append(want[name+when], want[when]...) {
				all[file] = true
			}
		}
		f, err := NewTimedRotatingFile(TimedRotatingFileConfig{Path: filepath.Join(dir, "app.log"), Delay: true, Namer: namer, OnError: unexpected(t)})
		require.NoError(t, err)
		found, err := f.Backups()
		require.NoError(t, err)
		require.NoError(t, f.Close())
		got := []string{}
		for _, path := range found {
			got = append(got, filepath.Base(path))
		}
		assert.ElementsMatch(t, slices.Collect(maps.Keys(all)), got, "namer %q", name)
		assert.NotEmpty(t, got)
	}
}
