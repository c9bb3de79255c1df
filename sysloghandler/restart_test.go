package sysloghandler

import (
	"crypto/tls"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestADaemonKilledUnderLoad kills a daemon while records come, starts it again, and holds what it stored against what Write
// said of each record.
func TestADaemonKilledUnderLoad(t *testing.T) {
	for _, kind := range daemons {
		for _, way := range []string{"TCP octet counting", "TLS", "unix datagrams"} {
			t.Run(kind.name+" "+way, func(t *testing.T) {
				d := kind.start(t)
				cfg := d.ways()[way]
				cfg.SequenceID, cfg.OnError = true, ignore
				cfg.RetryStart, cfg.RetryMax = time.Millisecond, 10*time.Millisecond
				core := newCore(t, cfg)
				load := startLoad(core)
				defer load.stop()
				for range 3 {
					load.awaits(t, "stored", func() bool { return len(d.records()) > 0 })
					refused := core.Stats().Refused
					d.kill()
					load.awaits(t, "refused", func() bool { return core.Stats().Refused > refused+10 })
					before := len(d.records())
					d.start()
					load.awaits(t, "stored again", func() bool { return len(d.records()) > before })
				}
				accepted := load.stop()
				require.Eventually(t, func() bool { return core.Write(entry("the last"), nil) == nil }, soon, tick)
				total := int(core.Stats().Accepted + core.Stats().Refused)
				require.Eventually(t, func() bool { return numbers(t, d.records())[total] == 1 }, soon, 50*tick, "the last arrives")
				compareWithStored(t, core.Stats(), accepted, total, numbers(t, d.records()))
			})
		}
	}
}

// compareWithStored holds the numbers that a daemon stored against those that Write accepted.
func compareWithStored(t *testing.T, s Stats, accepted []bool, total int, seen map[int]int) {
	refused, lost := 0, 0
	for i, ok := range accepted {
		number := i + 1
		require.LessOrEqual(t, seen[number], 1, "record %d is stored twice", number)
		switch {
		case !ok:
			refused++
			require.Zero(t, seen[number], "record %d was refused and is there", number)
		case seen[number] == 0:
			lost++
		}
	}
	t.Logf("%d records: %d stored, %d refused by Write, %d lost in the daemon that died", total, len(seen), refused, lost)
	assert.Equal(t, refused+lost, total-len(seen), "every record that is missing is a gap in the numbers, and no other")
	assert.LessOrEqual(t, uint64(refused), s.Refused)
	assert.Zero(t, s.Missing())
}

// load writes records, one after the other, and notes which were accepted: not so many that reading what is stored takes long.
type load struct {
	stopping atomic.Bool
	done     chan struct{}
	accepted []bool // valid when done is closed
}

func startLoad(core *Core) *load {
	l := &load{done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for pace := time.NewTicker(200 * time.Microsecond); !l.stopping.Load(); <-pace.C {
			l.accepted = append(l.accepted, core.Write(entry("under load"), nil) == nil)
		}
	}()
	return l
}

func (l *load) stop() []bool {
	l.stopping.Store(true)
	<-l.done
	return l.accepted
}

func (l *load) awaits(t *testing.T, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, soon, 20*tick, what)
}

// TestAServerThatRefusesTheClient: in TLS 1.3 the first writes to it would succeed, and be thrown away.
func TestAServerThatRefusesTheClient(t *testing.T) {
	for _, kind := range daemons {
		t.Run(kind.name, func(t *testing.T) {
			d := kind.start(t)
			core := newCore(t, Config{Address: local4(d.conf.MutualTLS), TLS: d.clientTLS(false), Timeout: soon, OnError: ignore})
			require.ErrorContains(t, core.Write(entry("without a certificate"), nil), "sysloghandler: TLS handshake with tcp 127.0.0.1:")

			core = newCore(t, Config{Address: local4(d.conf.TLS), TLS: new(tls.Config), Timeout: soon, OnError: ignore})
			require.ErrorContains(t, core.Write(entry("to a server that nobody vouches for"), nil), "certificate signed by unknown authority")
		})
	}
}
