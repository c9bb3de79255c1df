package writesyncers

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// These tests have CPython's own handlers do the same as ours, in a directory of its own, and compare what lies there.

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

func TestRotatingFileIsCPythons(t *testing.T) {
	py := python(t)
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

// fakeClock is a zapcore.Clock that stands still until it is told otherwise.
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

func TestTimedRotatingFileIsCPythons(t *testing.T) {
	py := python(t)
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
		if s.When[0] == 'W' || py.minor < 13 {
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
