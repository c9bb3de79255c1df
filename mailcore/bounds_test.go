package mailcore_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/mailcore"
	base "example.com/zaphandlers/zapcore"
)

// Each call that waits for the server ends within the bound that the package's doc has in its table, wherever the server stops
// answering.
func TestEveryCallHasItsBound(t *testing.T) {
	const timeout = mailcore.DefaultTimeout
	held := func(core *mailcore.Core) {
		_ = write(core, "first")
		_ = write(core, "held")
	}
	urgent := zapcore.Entry{Level: zapcore.FatalLevel, Time: noon, Message: "the end"}
	calls := []struct {
		name   string
		bound  time.Duration
		window bool
		call   func(core *mailcore.Core)
	}{
		{"Write", 12 * timeout, false, func(core *mailcore.Core) { assert.Error(t, write(core, "x")) }},
		{"Write of a record above Error", 2 * timeout, false, func(core *mailcore.Core) { assert.Error(t, core.Write(urgent, nil)) }},
		{"Write into a window", 0, true, func(core *mailcore.Core) { assert.NoError(t, write(core, "x")) }},
		{"Write of a record above Error into a window", 2 * timeout, true, func(core *mailcore.Core) { assert.NoError(t, core.Write(urgent, nil)) }},
		{"WriteBatch", 12 * timeout, false, func(core *mailcore.Core) { _, err := core.WriteBatch(batchOf(t, "x")); assert.Error(t, err) }},
		{"Sync", 12 * timeout, true, func(core *mailcore.Core) { assert.Error(t, core.Sync()) }},
		{"Close", 2 * timeout, true, func(core *mailcore.Core) { assert.Error(t, core.Close()) }},
		{"Stats", 0, true, func(core *mailcore.Core) { core.Stats() }},
	}
	for _, c := range calls {
		for _, line := range []string{"greeting", "EHLO", "MAIL", "RCPT", "DATA", "."} {
			t.Run(c.name+", silent at "+line, func(t *testing.T) {
				s := new(server)
				change := func(cfg *mailcore.Config) {
					cfg.IdleTime = -1
					if c.window {
						cfg.Interval = time.Hour
					}
				}
				inQuietBubble(t, s, change, func(core *mailcore.Core) {
					if c.window {
						held(core)
					}
					s.change(at(line, stall))
					begin := time.Now()
					c.call(core)
					assert.LessOrEqual(t, time.Since(begin), c.bound)
				})
			})
		}
	}
}

func TestQUITIsNotWaitedForLong(t *testing.T) {
	s := &server{reply: at("QUIT", stall)}
	inQuietBubble(t, s, nil, func(core *mailcore.Core) {
		require.NoError(t, write(core, "x"))
		begin := time.Now()
		require.NoError(t, core.Close())
		assert.LessOrEqual(t, time.Since(begin), time.Second)
	})
}

// A hook that does not heed its context is left behind.
func TestAHookThatNeverReturnsIsLeftBehind(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	hooks := map[string]func(*mailcore.Config){
		"Config.Dial": func(cfg *mailcore.Config) {
			cfg.Dial = func(context.Context, string, string) (net.Conn, error) { <-never; return nil, errors.New("late") }
		},
		"Config.Credentials.Token": func(cfg *mailcore.Config) {
			cfg.Credentials.Token = func(context.Context) (string, error) { <-never; return "", errors.New("late") }
		},
	}
	cert := newCertificate(t)
	for name, change := range hooks {
		t.Run(name, func(t *testing.T) {
			cfg := configFor(newServer(t, &server{tls: cert.server, mechanisms: "XOAUTH2"}))
			cfg.Timeout, cfg.TLSConfig = 20*time.Millisecond, cert.client
			cfg.Credentials = token("token-1", nil)
			change(&cfg)
			if name == "Config.Dial" {
				cfg.Timeout = 20 * time.Millisecond
			} else {
				cfg.Timeout = time.Second // the handshake has to succeed
			}
			core := newCore(t, cfg)
			written := make(chan error, 1)
			go func() { written <- write(core, "x") }()
			select {
			case err := <-written:
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.ErrorContains(t, err, name+" did not return when its context ended")
			case <-time.After(20 * time.Second):
				require.Fail(t, "Write waits for ever")
			}
		})
	}
}

func TestADialWithoutAConnectionIsAnError(t *testing.T) {
	cfg := configFor(newServer(t, &server{}))
	cfg.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, nil }
	require.ErrorContains(t, write(newCore(t, cfg), "x"), "Config.Dial returned neither a connection nor an error")
}

// A Write that Close ends returns ErrClosed together with the original error.
func TestAWriteThatCloseEndsSaysSo(t *testing.T) {
	for _, line := range []string{"dial", "greeting", "MAIL", "."} {
		t.Run(line, func(t *testing.T) {
			arrived := make(chan struct{})
			var once sync.Once
			stopHere := func() { once.Do(func() { close(arrived) }) }
			s := newServer(t, &server{})
			s.reply = func(said string) string {
				if strings.HasPrefix(said, line) {
					stopHere()
					return stall
				}
				return ""
			}
			cfg := configFor(s)
			cfg.Timeout, cfg.IdleTime = 200*time.Millisecond, -1
			if line == "dial" {
				cfg.Timeout = time.Second
				cfg.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
					stopHere()
					<-ctx.Done()
					return nil, ctx.Err()
				}
			}
			core := newCore(t, cfg)
			written := make(chan error, 1)
			go func() { written <- write(core, "x") }()
			<-arrived
			require.NoError(t, core.Close())
			err := <-written
			require.ErrorIs(t, err, mailcore.ErrClosed)
			assert.ErrorContains(t, err, "mailcore: ")
			_, err = core.WriteBatch(batchOf(t, "y"))
			require.ErrorIs(t, err, mailcore.ErrClosed)
			assert.Zero(t, core.Stats().Missing())
		})
	}
}

// The port of our end and the time of day are different in each attempt.
func TestAnErrorThatRepeatsHasOneText(t *testing.T) {
	cert := newCertificate(t)
	expired := cert.client.Clone()
	expired.Time = func() time.Time { return time.Now().Add(1000 * time.Hour) }
	tests := []struct {
		name   string
		change func(*mailcore.Config, *server)
		says   string
	}{
		{"a timeout", func(cfg *mailcore.Config, s *server) { s.reply = at("EHLO", stall) }, "tcp 127.0.0.1:PORT: i/o timeout"},
		{"a timeout of the content", func(cfg *mailcore.Config, s *server) { s.reply = at(".", stall) }, "mailcore: data: read tcp 127.0.0.1:PORT: i/o timeout"},
		{"a certificate that has expired", func(cfg *mailcore.Config, s *server) {
			cfg.TLS, cfg.TLSConfig, cfg.Timeout = mailcore.TLSSTARTTLS, expired, 5*time.Second
		}, "certificate has expired or is not yet valid: it is valid from"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &server{tls: cert.server}
			cfg := mailcore.Config{From: "a@example.com", To: []string{"b@example.com"}, Timeout: 20 * time.Millisecond, MaxCopies: -1}
			test.change(&cfg, s)
			s = newServer(t, s)
			cfg.Addr = s.listen(t)
			_, port, _ := net.SplitHostPort(cfg.Addr)
			texts := map[string]bool{}
			for range 4 { // a core each, so that no backoff stands between
				err := write(newCore(t, cfg), "x")
				require.Error(t, err)
				texts[strings.ReplaceAll(err.Error(), ":"+port, ":PORT")] = true
			}
			require.Len(t, texts, 1, "%v", texts)
			for text := range texts {
				assert.Contains(t, text, test.says)
			}
		})
	}
}

func TestAConnectionCarriesSoManyMails(t *testing.T) {
	tests := []struct{ config, mails, connections int }{{0, 20, 2}, {0, 21, 3}, {1, 3, 3}, {4, 5, 2}, {-1, 30, 1}}
	for _, test := range tests {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			var open, most atomic.Int32
			s := newServer(t, &server{})
			s.reply = func(line string) string {
				switch line {
				case "greeting":
					most.Store(max(most.Load(), open.Add(1)))
				case "QUIT":
					open.Add(-1)
				}
				return ""
			}
			cfg := configFor(s)
			cfg.MailsPerConnection = test.config
			core := newCore(t, cfg)
			for range test.mails {
				require.NoError(t, write(core, "x"))
			}
			assert.Len(t, s.received(), test.mails)
			assert.Equal(t, test.connections, s.connections())
			assert.Equal(t, int32(1), most.Load(), "the old connection is ended before the new one is made")
			carries := test.config
			if carries == 0 {
				carries = mailcore.DefaultMailsPerConnection
			}
			if carries > 0 {
				assert.Equal(t, test.mails%carries == 0, s.heard()[len(s.heard())-1] == "QUIT", "one that is used up takes up no place")
			}
		})
	}
}

// A record whose content the server refuses is found in a digest, and all others are delivered.
func TestARecordThatTheServerRefusesCostsNoNeighbour(t *testing.T) {
	s := newServer(t, &server{})
	s.judge = func(m received) string {
		if _, text := read(t, m.data); strings.Contains(text, "poison") {
			return "554 5.7.1 virus"
		}
		return ""
	}
	core := newCore(t, configFor(s))
	messages := make([]string, 100)
	for i := range messages {
		messages[i] = fmt.Sprintf("record-%d-end", i)
	}
	messages[37] = "poison"
	n, err := core.WriteBatch(batchOf(t, messages...))
	require.Equal(t, 100, n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	assert.Equal(t, []int{37}, rejected.Indexes)
	assert.Equal(t, mailcore.Stats{Accepted: 99, Delivered: 99, Refused: 1}, core.Stats())
	var all strings.Builder
	for _, m := range s.received() {
		_, text := read(t, m.data)
		all.WriteString(text)
	}
	assert.Equal(t, 99, strings.Count(all.String(), "-end"))

	s.judge = func(received) string { return "554 5.7.1 nothing of yours" }
	before := len(s.refused)
	n, err = core.WriteBatch(batchOf(t, messages...))
	require.Equal(t, 100, n)
	require.ErrorAs(t, err, &rejected)
	assert.Len(t, rejected.Indexes, 100)
	assert.Less(t, len(s.refused)-before, 50, "a server that refuses all is not asked a hundred times")
}

func TestLocalNames(t *testing.T) {
	s := newServer(t, &server{})
	cfg := configFor(s)
	cfg.From, cfg.To, cfg.LocalName = "root", []string{"root", "[prod] Dev <dev@example.com>"}, "web-3.example.com"
	require.NoError(t, write(newCore(t, cfg), "x"))
	m := s.received()[0]
	assert.Equal(t, "root", m.from)
	assert.Equal(t, []string{"root", "dev@example.com"}, m.to)
	message, _ := read(t, m.data)
	assert.Equal(t, "root", message.Header.Get("From"))
	assert.Equal(t, `root, "[prod] Dev" <dev@example.com>`, message.Header.Get("To"))
	assert.Contains(t, message.Header.Get("Message-ID"), "@web-3.example.com>")
}

// A name without a domain, or with an underscore in it, is what many servers refuse.
func TestTheNameInEHLO(t *testing.T) {
	const label = `[0-9A-Za-z]([-0-9A-Za-z]*[0-9A-Za-z])?`
	for name, want := range map[string]string{"": `^EHLO (` + label + `(\.` + label + `)*\.[0-9]*[A-Za-z]\S*|\[127\.0\.0\.1\])$`, "web-3.example.com": `^EHLO web-3\.example\.com$`} {
		s := newServer(t, &server{})
		cfg := configFor(s)
		cfg.Addr, cfg.Dial, cfg.LocalName = s.listen(t), nil, name
		require.NoError(t, write(newCore(t, cfg), "x"))
		assert.Regexp(t, want, s.heard()[0])
	}
}

// Racing calls: nothing is lost silently, nobody waits for ever, and the race detector has its say.
func TestCallsThatRace(t *testing.T) {
	s := newServer(t, &server{})
	cfg := configFor(s)
	cfg.Interval, cfg.IdleTime, cfg.OnError = time.Millisecond, time.Millisecond, func(error) {}
	core := newCore(t, cfg)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 200 {
				if err := write(core, "x"); err != nil {
					assert.ErrorIs(t, err, mailcore.ErrClosed)
					return
				}
				if s := core.Stats(); s.Pending == 7 || i%8 == 7 { // so there are 25 mails at least, however fast the others are
					_ = core.Sync()
				}
			}
		})
	}
	require.Eventually(t, func() bool { return len(s.received()) > 20 }, 20*time.Second, time.Millisecond)
	require.NoError(t, core.Close())
	wg.Wait()
	stats := core.Stats()
	assert.Zero(t, stats.Missing())
	assert.Zero(t, stats.Pending)
	assert.Zero(t, stats.Dropped)
}

// The largest duration is what some write for no limit at all.
func TestTimeoutThatIsAsGoodAsNone(t *testing.T) {
	for _, timeout := range []time.Duration{math.MaxInt64, math.MaxInt64 / 2, math.MaxInt64/12 + 1} {
		s := newServer(t, &server{})
		cfg := configFor(s)
		cfg.Timeout = timeout
		core := newCore(t, cfg)
		require.NoError(t, write(core, "one"))
		require.NoError(t, core.Close())
		require.Len(t, s.received(), 1)
	}
}
