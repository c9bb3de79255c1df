package queuecore

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore/internal/delivery"
	base "example.com/zaphandlers/zapcore"
)

// ListenerConfig configures a Listener.
type ListenerConfig struct {
	// Targets get the records, each with a goroutine and a cursor of its own. Required. Each member of a Tee becomes a
	// target. SkipWhenFull and BatchAge apply to a queue only, and are an error here.
	Targets []TargetConfig
	// PrepareDelivery may change or drop each record before a target gets it; see Config.PrepareDelivery. Defaults
	// to none.
	PrepareDelivery Prepare
	// StopTimeout is how long Stop waits for the targets, and Start for the engine. Defaults to 10 s; negative means no bound.
	StopTimeout time.Duration
	// OnDrop gets each drop: how many records (Drop.Records) a target refused for good, or were given up. It is called by the
	// goroutine of that target, and may log. Defaults to none: Targets has the counts.
	OnDrop func(Drop)
	// OnError gets the errors of targets and of the engine: see Config.OnError.
	OnError func(error)
}

// Listener is Python's QueueListener: it delivers what an engine holds. Records that a target could not take stay in the engine;
// the next Listener with a target of that name delivers them. Each record is delivered at least once, and again only if a
// listener ends between a delivery and its acknowledgement. Its methods are safe for concurrent use.
type Listener struct {
	engine Queue
	cfg    ListenerConfig

	mu      sync.Mutex               // guards the fields below
	sources []*engineSource          // one a target; empty when stopped
	counts  []TargetStats            // of the targets, since NewListener
	passed  map[*engineSource]uint64 // the number of the last resolved record, of each source that has read any
}

// maxCursor is the longest name of a cursor, in bytes: the name of its file may have it in hexadecimal digits.
const maxCursor = 120

// NewListener returns a Listener that waits for Start. An error names the field that is missing or wrong.
func NewListener(engine Queue, cfg ListenerConfig) (*Listener, error) {
	cfg.Targets = flatten(cfg.Targets)
	switch {
	case engine == nil:
		return nil, errors.New("queuecore: NewListener needs an engine")
	case len(cfg.Targets) == 0:
		return nil, errors.New("queuecore: ListenerConfig.Targets is required")
	}
	if err := setTargetDefaults("ListenerConfig", cfg.Targets); err != nil {
		return nil, err
	}
	names := make(map[string]bool)
	for i, t := range cfg.Targets {
		switch {
		case names[t.Name]:
			return nil, fmt.Errorf("queuecore: ListenerConfig.Targets has two of the Name %q", t.Name)
		case len(t.Name) > maxCursor:
			return nil, fmt.Errorf("queuecore: ListenerConfig.Targets[%d].Name is of %d bytes, more than the %d that engines have room for", i, len(t.Name), maxCursor)
		}
		names[t.Name] = true
	}
	for i, t := range cfg.Targets {
		switch {
		case t.SkipWhenFull:
			return nil, fmt.Errorf("queuecore: ListenerConfig.Targets[%d].SkipWhenFull: an engine keeps what a target has not taken; set it in a Config", i)
		case t.BatchAge != 0:
			return nil, fmt.Errorf("queuecore: ListenerConfig.Targets[%d].BatchAge: an engine says how much it gives at once; set it in a Config", i)
		}
	}
	stop := base.Interval{Field: "StopTimeout", Value: cfg.StopTimeout, Shortest: time.Millisecond, Example: "10 * time.Second"}
	if err := stop.Check(); err != nil {
		return nil, fmt.Errorf("queuecore: ListenerConfig.%w", err)
	}
	setDefault(&cfg.StopTimeout, 10*time.Second)
	counts := make([]TargetStats, len(cfg.Targets))
	for i := range counts {
		counts[i].Name = cfg.Targets[i].Name
	}
	return &Listener{engine: engine, cfg: cfg, counts: counts, passed: make(map[*engineSource]uint64)}, nil
}

// Start makes the cursors known to the engine and starts a goroutine for each target (Python: start). If the engine does not answer
// within StopTimeout, Start reports that to OnError and returns; the targets start when the engine answers. It does nothing if the
// Listener is started.
func (l *Listener) Start() {
	l.mu.Lock()
	if l.sources != nil {
		l.mu.Unlock()
		return
	}
	for i := range l.cfg.Targets {
		l.sources = append(l.sources, newEngineSource(l, i))
	}
	sources, known := l.sources, make(chan struct{})
	l.mu.Unlock()
	go func() {
		defer close(known)
		for _, s := range sources { // all, before an Ack of one lets the engine remove a record that another needs
			if err := s.acknowledge(0); err != nil {
				s.report.Failed(err, 0)
			}
		}
		for _, s := range sources {
			go s.run()
		}
	}()
	expired, done := after(l.cfg.StopTimeout)
	defer done()
	select {
	case <-known:
	case <-expired:
		sources[0].report.Failed(fmt.Errorf("the engine has not answered within %v: %w", l.cfg.StopTimeout, os.ErrDeadlineExceeded), 0)
	}
}

// Stop delivers what the engine held when Stop was called (Python: stop), syncs the targets and ends the goroutines. Records that cannot
// be delivered within StopTimeout stay in the engine; the error, which wraps os.ErrDeadlineExceeded, says how many each target
// leaves. Stop does not wait for a target that calls it. It does nothing if the Listener is not started.
func (l *Listener) Stop() error {
	l.mu.Lock()
	sources := l.sources
	l.sources = nil
	l.mu.Unlock()
	if sources == nil {
		return nil
	}
	expired, done := after(l.cfg.StopTimeout)
	defer done()
	last := l.last()
	self := base.GoroutineID()
	for _, s := range sources {
		s.upto = last
		close(s.stop)
		s.cancel()
	}
	late := waitStopped(sources, self, expired)
	var what []string
	l.mu.Lock()
	for _, s := range late {
		what = append(what, l.unfinishedLocked(s))
	}
	for _, s := range sources {
		delete(l.passed, s)
		if s.goroutine.Load() != self {
			s.detachLocked()
		}
	}
	l.mu.Unlock()
	if len(what) > 0 {
		return notDone(what, len(sources), l.cfg.StopTimeout)
	}
	return nil
}

// waitStopped waits for the goroutines of sources, but not for goroutine self, and returns those that have not stopped when expired fires.
func waitStopped(sources []*engineSource, self uint64, expired <-chan time.Time) (late []*engineSource) {
	for _, s := range sources {
		if s.goroutine.Load() == self {
			continue
		}
		select {
		case <-s.stopped:
		case <-expired:
			expired = expiredAlready
			late = append(late, s)
		}
	}
	return late
}

// unfinishedLocked returns, for the error of Stop, the name of a target that is not done, and how many records it leaves in the engine.
// That is unknown before its first Read, and if the engine did not say how many it holds.
func (l *Listener) unfinishedLocked(s *engineSource) string {
	passed, known := l.passed[s]
	if !known || s.upto <= passed {
		return strconv.Quote(s.target.Name)
	}
	return fmt.Sprintf("%q (%d left)", s.target.Name, s.upto-passed)
}

// last returns the number of the engine's last record. It returns 0, so that Stop waits for no record, if the engine is closed or
// unreachable, or does not answer within half of StopTimeout; the other half is for the targets.
func (l *Listener) last() uint64 {
	answer := make(chan uint64, 1)
	go func() {
		var last uint64
		err := base.Guard(func() (err error) { last, err = l.engine.Append(&base.Batch{}); return err })
		if err != nil {
			last = 0
		}
		answer <- last
	}()
	expired, done := after(l.cfg.StopTimeout - l.cfg.StopTimeout/2)
	defer done()
	select {
	case last := <-answer:
		return last
	case <-expired:
		return 0
	}
}

var expiredAlready = func() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}()

// Targets returns the counts of each target since NewListener. Accepted counts the records that it has read and not given back to
// the engine. Notices is 0, for only a queue sends notices.
func (l *Listener) Targets() []TargetStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := slices.Clone(l.counts)
	for i := range counts {
		counts[i].Drops = slices.Clone(counts[i].Drops)
	}
	return counts
}

// String returns the counts as JSON, so that a Listener can be published with package expvar.
func (l *Listener) String() string {
	return jsonText(struct {
		Targets []TargetStats `json:"targets"`
	}{l.Targets()})
}

// deliverRead is engineSource.run on one goroutine. If a goroutine before it was ended, its records in flight are dropped first.
func deliverRead(s *engineSource) {
	resolved := s.read.Len() - len(s.outcomes)
	level := func(i int) zapcore.Level { return s.read.Level(resolved + i) }
	dropInFlight(s, s.delivery, max(0, s.next-resolved), func(i int) base.Outcome { return s.outcomes[i] }, level, s.report)
	s.delivery.Run()
	if s.Abandoned() || s.syncedAtEnd {
		return
	}
	s.syncedAtEnd = true
	if err := s.delivery.Sync(); err != nil {
		s.report.Failed(err, 0)
	}
}

// maxReread is how many records TopUp may read a second time to get newer ones.
const maxReread = 16

// TopUp implements delivery.Source. If the batch holds the last records of the last Read, and these are few, it reads them again
// together with newer ones.
func (s *engineSource) TopUp() {
	held := len(s.outcomes)
	if s.next == s.read.Len() && held == s.delivery.Len() && held <= maxReread && !s.unacknowledged {
		s.readAgain(held)
	}
	s.fill()
}

// readAgain reads again from the first held record on.
func (s *engineSource) readAgain(held int) {
	var own base.Batch
	for i := s.read.Len() - held; i < s.read.Len(); i++ {
		own.Add(slices.Clone(s.read.Tape(i)))
	}
	s.read.Reset()
	last, err := s.readMore()
	n := s.read.Len() - held
	if err == nil && n > 0 && last-uint64(s.read.Len()) == s.resolvedUpTo {
		for i := held; i < s.read.Len(); i++ {
			own.Add(s.read.Tape(i))
		}
		s.outcomes = append(s.outcomes, make([]base.Outcome, n)...)
		s.count(func(t *TargetStats) { t.Accepted += uint64(n); t.Pending += uint64(n) })
	}
	s.read, s.next = own, held
	own.Slice(&s.read, 0, held)
	delivery.Move(s.delivery, &own)
}
