package writesyncers

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/zaphandlers/writesyncers/internal/backups"
	"example.com/zaphandlers/writesyncers/internal/rotation"
	"example.com/zaphandlers/writesyncers/internal/writer"
	base "example.com/zaphandlers/zapcore"
	"github.com/stretchr/testify/require"
)

// Another When and Interval at each start: the latest backups stay, whichever of their names sort as the later ones. (Where two of the
// schedules of before name days there is no telling: the names decide.)
func TestTheLatestBackupsOfSeveralSchedules(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	for seed := range uint64(200) {
		for _, loc := range []*time.Location{time.UTC, zone} {
			rng := rand.New(rand.NewPCG(seed, 1))
			p := &program{T: t, rng: rng, dir: t.TempDir()}
			p.now = time.Date(2024, 1, 1+rng.IntN(400), rng.IntN(24), rng.IntN(60), rng.IntN(60), 0, loc)
			daily := 1 + rng.IntN(4)
			for start := 1; start <= 4; start++ {
				whens := []string{"S", "M", "H"}
				if start == daily {
					whens = []string{"D", "midnight", "W0", "W3", "W6"}
				}
				s := Schedule{When: whens[rng.IntN(len(whens))], Interval: 1 + rng.IntN(5), Location: loc}
				if s.When[0] == 'W' {
					s.Interval = 1
				}
				if s.calendar() && rng.IntN(3) == 0 {
					s.AtTime = fmt.Sprintf("%02d:%02d", rng.IntN(24), rng.IntN(60))
				}
				p.start(s)
			}
		}
	}
}

// program is one that keeps three backups, at a time of its own.
type program struct {
	*testing.T
	rng *rand.Rand
	dir string
	now time.Time

	period *rotation.Period
	set    *backups.Set
	rolled []string // what is in the files that were rolled out
	story  []string

	made, written time.Time // of the file in use; zero: it is empty
}

// start runs the program for some periods of a schedule.
func (p *program) start(s Schedule) {
	p.story = append(p.story, fmt.Sprintf("%v %+v", p.now, s))
	cfg := &writer.Config{Path: filepath.Join(p.dir, "app.log"), Report: base.NewReporter("", unexpected(p))}
	periods := &timedPeriods{s, nil, clockOf{p}}
	p.period = periods.period(cfg)
	cfg.Period = p.period
	var err error
	p.set, err = backups.New(backups.Config{Path: cfg.Path, Count: 3, Dated: periods.dates(cfg)})
	require.NoError(p, err)
	if p.made.IsZero() {
		p.period.Begin(p.now)
	} else {
		p.period.BeginFound(p.made, p.written)
	}
	p.rollIfOver()
	span := p.rng.Float64() * float64(6*s.length())
	for writes := p.rng.IntN(12); writes > 0; writes-- {
		p.pass(p.rng.Float64() * span / 6)
		p.rollIfOver()
		p.pass(0)
		if p.made.IsZero() {
			p.made = p.now
		}
		p.written = p.now
	}
	p.pass(p.rng.Float64() * float64(2*s.length()) * float64(p.rng.IntN(2)))
}

func (p *program) pass(d float64) {
	p.now = p.now.Add(time.Second + time.Duration(d).Truncate(time.Second))
}

type clockOf struct{ *program }

func (c clockOf) Now() time.Time                       { return c.now }
func (c clockOf) NewTicker(time.Duration) *time.Ticker { return nil }

// rollIfOver is what a TimedRotatingFile does at the end of a period, and looks which backups are there then.
func (p *program) rollIfOver() {
	if !p.period.Over(p.now) {
		return
	}
	if !p.made.IsZero() {
		text := fmt.Sprint("file ", len(p.rolled))
		src := filepath.Join(p.dir, "rolled")
		require.NoError(p, os.WriteFile(src, []byte(text), 0o600))
		require.NoError(p, os.Chtimes(src, p.written, p.written))
		name, err := p.set.Place(src, p.period.Start(), false)
		require.NoError(p, err)
		require.NoError(p, p.set.Retain(p.now))
		p.story = append(p.story, fmt.Sprintf("%v %s: %s, written %v to %v", p.now, text, filepath.Base(name), p.made, p.written))
		p.rolled = append([]string{text}, p.rolled...)
		p.made, p.written = time.Time{}, time.Time{}
		var texts []string
		listed, err := p.set.List()
		require.NoError(p, err)
		for _, b := range listed {
			texts = append(texts, read(p, b.Path))
		}
		require.Equal(p, p.rolled[:min(3, len(p.rolled))], texts, strings.Join(p.story, "\n"))
	}
	p.period.Begin(p.now)
}
