package backends

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"example.com/zaphandlers/netcore"
	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

var soakTime = flag.Duration("soak", 12*time.Second, "how long TestSoak logs")

// The variables that make this program a netcore.Server.
const (
	receiverAddress = "ZAPHANDLERS_SOAK_ADDRESS"
	receiverOutput  = "ZAPHANDLERS_SOAK_OUTPUT"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if addr := os.Getenv(receiverAddress); addr != "" {
		fmt.Fprintln(os.Stderr, receive(addr, os.Getenv(receiverOutput)))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// receive appends what comes to a file, each record by one write before it is acknowledged.
func receive(addr, path string) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	server, err := netcore.NewServer(netcore.ServerConfig{Address: addr, Format: netcore.FormatRecords, Ack: true,
		Target: zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), out, zap.DebugLevel)})
	if err != nil {
		return err
	}
	return server.Serve()
}

// told counts what OnError is told.
type told struct {
	mu    sync.Mutex // guards the field below
	texts []string
}

func (o *told) add(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.texts = append(o.texts, err.Error())
}

func (o *told) all() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.texts...)
}

// faults are what happens to a backend, in turn.
var faults = []func(s *soak, b *server, gates []*gate){
	func(s *soak, _ *server, gates []*gate) { s.during(resetting, gates) },
	func(s *soak, _ *server, gates []*gate) { s.during(hanging, gates) },
	func(s *soak, _ *server, gates []*gate) { s.during(busy, gates) },
	func(s *soak, b *server, gates []*gate) { s.restart(syscall.SIGTERM, b, gates) },
	func(s *soak, b *server, gates []*gate) { s.restart(syscall.SIGKILL, b, gates) },
}

// soak is one run.
type soak struct {
	*testing.T
	ctx     context.Context // done when the time is over
	step    time.Duration   // how long each state of a backend lasts
	targets []*soaked
	rounds  atomic.Int64 // faults that are over
}

// wait waits for a step, or until the time is over.
func (s *soak) wait(d time.Duration) {
	select {
	case <-s.ctx.Done():
	case <-time.After(d):
	}
}

func (s *soak) during(m mood, gates []*gate) {
	for _, g := range gates {
		g.set(m)
	}
	s.wait(s.step)
	for _, g := range gates {
		g.set(passing)
	}
}

// restart ends a backend by a signal and starts it again. One that has only in its memory what it said it had gets time to store
// that before it is killed.
func (s *soak) restart(signal os.Signal, b *server, gates []*gate) {
	if forgets := s.forgets(b); signal == syscall.SIGKILL && forgets > 0 {
		for _, g := range gates {
			g.set(resetting)
		}
		<-time.After(forgets)
		defer func() {
			for _, g := range gates {
				g.set(passing)
			}
		}()
	} else {
		for _, g := range gates {
			g.note()
		}
		defer func() {
			for _, g := range gates {
				g.note()
			}
		}()
	}
	b.stop(signal)
	s.wait(s.step / 2)
	b.start()
}

func (s *soak) forgets(b *server) (d time.Duration) {
	for _, target := range s.targets {
		if target.server == b {
			d = max(d, target.forgets)
		}
	}
	return d
}

// trouble makes a backend fail in every way, again and again.
func (s *soak) trouble(b *server, first int) {
	var gates []*gate
	for _, target := range s.targets {
		if target.server == b {
			gates = append(gates, target.gate)
		}
	}
	for n := first; s.ctx.Err() == nil; n++ {
		s.wait(s.step)
		if s.ctx.Err() != nil {
			return
		}
		faults[n%len(faults)](s, b, gates)
		s.rounds.Add(1)
	}
}

// TestSoak has 64 goroutines log through one queue to each backend by each wire, while the backends fail in every way:
//
//	                 ┌─► httpcore ──► gate ──► VictoriaLogs, ZincSearch, ClickHouse, OpenTelemetry's collector
//	64 ──► queuecore ┼─► netcore with Ack, with Forward, sysloghandler with RELP ──► gate ──► a Server, the collector, rsyslog
//	                 └─► mailcore ──► gate ──► aiosmtpd
//
// A gate resets, hangs, or says in its protocol's words that it is busy; the backends are ended by SIGTERM and killed. Afterwards
// each target has accepted = delivered + dropped, none was dropped, and each record that is not in its dead letters is found at its
// backend.
func TestSoak(t *testing.T) {
	s := &soak{T: t, targets: soakTargets(t), step: min(max(*soakTime/30, 400*time.Millisecond), 4*time.Second)}
	dead := map[string]*observer.ObservedLogs{}
	var cfg queuecore.Config
	var queueTold told
	cfg.MaxBytes, cfg.DrainTimeout, cfg.OnError, cfg.OmitNotice = 256<<20, 2*time.Minute, queueTold.add, true
	for _, target := range s.targets {
		core, logs := observer.New(zapcore.DebugLevel)
		dead[target.name] = logs
		cfg.Targets = append(cfg.Targets, queuecore.TargetConfig{Core: target.core, Name: target.name, DeadLetter: core,
			RetryStart: soakStart, RetryMax: soakRetryMax})
	}
	queue, err := queuecore.New(cfg)
	require.NoError(t, err)

	var cancel context.CancelFunc
	s.ctx, cancel = context.WithTimeout(t.Context(), *soakTime)
	defer cancel()
	var working sync.WaitGroup
	seen := map[*server]bool{}
	for i, target := range s.targets {
		if !seen[target.server] {
			seen[target.server] = true
			working.Go(func() { s.trouble(target.server, i) })
		}
	}
	written := s.log(zap.New(queue), &working)
	working.Wait()
	begin := time.Now()
	require.NoError(t, queue.Close())
	t.Logf("%d records by 64 goroutines in %v, %d faults; closed %v later", written.Load(), *soakTime, s.rounds.Load(), time.Since(begin).Round(time.Millisecond))
	s.check(queue, int(written.Load()), dead, queueTold.all())
}

// log has 64 goroutines log until the time is over. It returns how many records that are.
func (s *soak) log(logger *zap.Logger, working *sync.WaitGroup) *atomic.Int64 {
	var written atomic.Int64
	for g := range 64 {
		working.Go(func() {
			tick := time.NewTicker(250 * time.Millisecond)
			defer tick.Stop()
			for s.ctx.Err() == nil {
				n := written.Add(1)
				logger.Log(zapcore.Level(n%3), "order taken", zap.Int64("n", n), zap.Int("goroutine", g), zap.String("text", "späte \"Lieferung\"\n✓"))
				select {
				case <-tick.C:
				case <-s.ctx.Done():
				}
			}
		})
	}
	return &written
}

// check compares the counts of each target with what its backend has.
func (s *soak) check(queue *queuecore.Core, written int, dead map[string]*observer.ObservedLogs, queueTold []string) {
	for i, stats := range queue.Targets() {
		target := s.targets[i]
		require.NoError(s, target.close())
		lost := map[int]bool{}
		for _, entry := range dead[target.name].All() {
			lost[int(entry.ContextMap()["n"].(int64))] = true
		}
		found := target.find(written - len(lost))
		missing, copies := 0, 0
		for n := 1; n <= written; n++ {
			if found[n] == 0 && !lost[n] {
				missing++
			}
			copies += max(0, found[n]-1)
		}
		calls := append(target.told.all(), ofTarget(queueTold, target)...)
		s.Logf("%-26s accepted %d delivered %d dropped %d, found %d, copies %d; %d changes of state, %d calls of OnError",
			target.name, stats.Accepted, stats.Delivered, stats.Dropped, len(found), copies, target.gate.changes, len(calls))
		for _, call := range calls {
			if strings.Contains(call, "rejected") {
				s.Logf("  %.300s", call)
			}
		}
		assert.EqualValues(s, written, stats.Accepted, target.name)
		assert.Zero(s, stats.Pending+stats.Skipped, target.name)
		assert.Equal(s, stats.Accepted, stats.Delivered+stats.Dropped, target.name)
		assert.EqualValues(s, len(lost), stats.Dropped, "%s: %v", target.name, calls)
		assert.Zero(s, stats.Dropped, "%s: no record is at fault", target.name)
		assert.Zero(s, missing, "%s: delivered, and not there", target.name)
		assert.Zero(s, base.Stats(target.counts()).Missing(), target.name)
		if !assert.LessOrEqual(s, len(calls), 2*target.gate.changes, target.name) {
			s.Log(strings.Join(calls, "\n"))
		}
	}
}

// ofTarget returns the errors that are about a target: they name it, or its gate.
func ofTarget(texts []string, target *soaked) (own []string) {
	for _, text := range texts {
		if strings.Contains(text, target.gate.Addr().String()) || strings.Contains(text, "target "+target.name+":") {
			own = append(own, text)
		}
	}
	return own
}
