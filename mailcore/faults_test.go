package mailcore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/mailcore"
	base "example.com/zaphandlers/zapcore"
)

// at returns a reply that answers lines with this beginning.
func at(begin, answer string) func(string) string {
	return func(line string) string {
		if strings.HasPrefix(line, begin) {
			return answer
		}
		return ""
	}
}

const (
	isFinal     = "final"
	isTemporary = "temporary"
)

func TestAnswers(t *testing.T) {
	tests := []struct {
		name, at, answer string
		verdict          string
		err              string
	}{
		{"no service at all", "greeting", "554 5.3.2 no service", isTemporary, `mailcore: greeting of localhost:25: 554 "5.3.2 no service"`},
		{"a busy server", "greeting", "421 4.3.2 busy", isTemporary, `421 "4.3.2 busy"`},
		{"a server that has enough", "EHLO", "421 4.7.0 too many of you", isTemporary, `mailcore: ehlo: 421 "4.7.0 too many of you"`},
		{"a sender it does not like", "MAIL", "550 5.7.1 not you", isFinal, `mailcore: mail from orders@example.com: 550 "5.7.1 not you"`},
		{"a login that is missing", "MAIL", "530 5.7.0 log in first", isTemporary, `530 "5.7.0 log in first"`},
		{"a sender it does not like now", "MAIL", "451 4.7.1 later", isTemporary, `451 "4.7.1 later"`},
		{"no recipient that exists", "RCPT", "550 5.1.1 no such user", isFinal, "mailcore: refused: ops@example.com, dev@example.com: 550"},
		{"greylisting", "RCPT", "450 4.7.1 greylisted", isTemporary, `450 "4.7.1 greylisted"`},
		{"an end among the recipients", "RCPT", "421 4.3.2 shutting down", isTemporary, "mailcore: rcpt to ops@example.com: 421"},
		{"no content", "DATA", "554 5.5.1 no valid recipients", isFinal, "mailcore: data: 554"},
		{"content it does not like", ".", "554 5.7.1 spam", isFinal, `mailcore: data: 554 "5.7.1 spam"`},
		{"a full disk", ".", "452 4.3.1 insufficient storage", isTemporary, `452 "4.3.1 insufficient storage"`},
		{"an end instead of an answer", ".", "421 4.3.2 shutting down", isTemporary, `421 "4.3.2 shutting down"`},
		{"an answer that is none", "MAIL", "hello", isTemporary, "mail from"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(t, &server{reply: at(test.at, test.answer)})
			core := newCore(t, configFor(s))
			n, err := core.WriteBatch(batchOf(t, "a", "b"))
			require.ErrorContains(t, err, test.err)
			var rejected *base.RejectedError
			var retry *base.RetryError
			if test.verdict == isFinal {
				require.ErrorAs(t, err, &rejected)
				assert.False(t, errors.As(err, &retry))
				assert.Equal(t, 2, n)
				assert.Equal(t, []int{0, 1}, rejected.Indexes)
			} else {
				require.ErrorAs(t, err, &retry)
				assert.False(t, errors.As(err, &rejected))
				assert.Zero(t, n)
			}
			assert.Empty(t, s.received())
			assert.Zero(t, core.Stats().Missing())
			assert.Zero(t, core.Stats().Accepted)
		})
	}
}

func TestTheServersWordsCanBeRead(t *testing.T) {
	s := newServer(t, &server{reply: at(".", "554 5.7.1 spam")})
	err := write(newCore(t, configFor(s)), "x")
	var reply *textproto.Error
	require.ErrorAs(t, err, &reply)
	assert.Equal(t, 554, reply.Code)
	s.change(nil)
	require.NoError(t, write(newCore(t, configFor(s)), "y"))
}

func TestARefusedMailDoesNotCostTheConnection(t *testing.T) {
	s := newServer(t, &server{reply: at("RCPT", "550 5.1.1 nobody")})
	core := newCore(t, configFor(s))
	require.ErrorContains(t, write(core, "x"), "550")
	s.change(nil)
	require.NoError(t, write(core, "y"), "and the next mail is not held up")
	assert.Equal(t, 1, s.connections())
	assert.Contains(t, s.heard(), "RSET")
}

func TestSomeRecipientsAreRefused(t *testing.T) {
	s := newServer(t, &server{reply: at("RCPT TO:<dev@", "550 5.1.1 gone")})
	cfg := configFor(s)
	var told []error
	var core *mailcore.Core
	cfg.OnError = func(err error) {
		_ = core.Stats() // takes the core's lock: it must be free here
		told = append(told, err)
	}
	core = newCore(t, cfg)
	for range 3 {
		require.NoError(t, write(core, "x"), "the mail was delivered, to the others")
	}
	mails := s.received()
	require.Len(t, mails, 3)
	assert.Equal(t, []string{"ops@example.com"}, mails[2].to)
	require.Len(t, told, 1, "said once")
	var refused *mailcore.RecipientsError
	require.ErrorAs(t, told[0], &refused)
	assert.Equal(t, []string{"dev@example.com"}, refused.Addresses)
	assert.Equal(t, `mailcore: refused: dev@example.com: 550 "5.1.1 gone"`, refused.Error())
	assert.Equal(t, uint64(3), core.Stats().Delivered)
}

func TestAStallEndsWithTheTimeout(t *testing.T) {
	cert := newCertificate(t)
	const timeout = 50 * time.Millisecond
	for _, line := range []string{"greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "."} {
		t.Run(line, func(t *testing.T) {
			s := newServer(t, &server{tls: cert.server, mechanisms: "PLAIN", reply: at(line, stall)})
			cfg := configFor(s)
			cfg.Timeout, cfg.Credentials, cfg.TLSConfig = timeout, login, cert.client
			core := newCore(t, cfg)
			begin := time.Now()
			err := write(core, "x")
			took := time.Since(begin)
			var netErr net.Error
			require.ErrorAs(t, err, &netErr)
			assert.True(t, netErr.Timeout())
			assert.ErrorContains(t, err, "mailcore: ")
			assert.Less(t, took, 5*time.Second, "one timeout, and what the machine needs for the rest")
			assert.ErrorContains(t, write(core, "y"), "backing off", "those who waited fail at once")
			assert.Equal(t, 1, s.connections())
		})
	}
}

func TestADialThatHangsEndsWithTheTimeout(t *testing.T) {
	cfg := configFor(newServer(t, &server{}))
	cfg.Timeout = 20 * time.Millisecond
	cfg.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	require.ErrorIs(t, write(newCore(t, cfg), "x"), context.DeadlineExceeded)
}

func TestAHookThatPanicsIsAnError(t *testing.T) {
	for _, test := range []struct {
		end  func()
		what string
	}{
		{func() { panic("bomb") }, "panicked: bomb"},
		{runtime.Goexit, "has ended its goroutine (runtime.Goexit)"},
	} {
		cfg := configFor(newServer(t, &server{}))
		cfg.Dial = func(context.Context, string, string) (net.Conn, error) { test.end(); return nil, nil }
		require.EqualError(t, write(newCore(t, cfg), "x"), "mailcore: Config.Dial "+test.what)

		cert := newCertificate(t)
		cfg = configFor(newServer(t, &server{tls: cert.server, mechanisms: "XOAUTH2"}))
		cfg.TLSConfig = cert.client
		cfg.Credentials = mailcore.Credentials{Username: username, Token: func(context.Context) (string, error) { test.end(); return "", nil }}
		require.EqualError(t, write(newCore(t, cfg), "x"), "mailcore: auth XOAUTH2: Config.Credentials.Token "+test.what)
	}
}

func TestTheServerHangsUp(t *testing.T) {
	for _, line := range []string{"greeting", "EHLO", "MAIL", "RCPT", "DATA", "."} {
		t.Run(line, func(t *testing.T) {
			s := newServer(t, &server{reply: at(line, hangUp)})
			core := newCore(t, configFor(s))
			require.Error(t, write(core, "x"))
			s.change(nil)
			require.NoError(t, write(core, "y"), "the next mail makes a new connection")
			assert.Zero(t, core.Stats().Missing())
			assert.Equal(t, uint64(1), core.Stats().Refused)
		})
	}
}

// A server may end a connection that idles, in either of two ways. The mail that finds out is sent all the same.
func TestAConnectionThatEndedWhileIdle(t *testing.T) {
	for _, answer := range []string{hangUp, "421 4.4.2 idle for too long"} {
		t.Run(answer, func(t *testing.T) {
			var mails atomic.Int32
			s := newServer(t, &server{})
			s.reply = func(line string) string {
				if strings.HasPrefix(line, "MAIL") && mails.Add(1) == 2 {
					return answer
				}
				return ""
			}
			core := newCore(t, configFor(s))
			require.NoError(t, write(core, "x"))
			require.NoError(t, write(core, "y"))
			assert.Len(t, s.received(), 2)
			assert.Equal(t, 2, s.connections())
			assert.Equal(t, mailcore.Stats{Accepted: 2, Delivered: 2}, core.Stats())
		})
	}
}

func TestADigestThatIsTooLargeIsSentInParts(t *testing.T) {
	messages := make([]string, 40)
	for i := range messages {
		messages[i] = fmt.Sprintf("record-%d-end %s", i, strings.Repeat("x", 200))
	}
	s := newServer(t, &server{extensions: []string{"SIZE 4000"}})
	core := newCore(t, configFor(s))
	n, err := core.WriteBatch(batchOf(t, messages...))
	require.NoError(t, err)
	require.Equal(t, 40, n)
	var all strings.Builder
	mails := s.received()
	for _, m := range mails {
		assert.LessOrEqual(t, len(m.data), 4000)
		_, text := read(t, m.data)
		all.WriteString(text)
	}
	for i := range messages {
		assert.Equal(t, 1, strings.Count(all.String(), fmt.Sprintf("record-%d-end", i)))
	}
	assert.Less(t, len(mails), 10)
}

func TestOneRecordThatIsTooLargeIsRefusedAndTheOthersAreNot(t *testing.T) {
	limits := []struct {
		name   string
		server *server
		max    int
	}{
		{"by the server's SIZE", &server{extensions: []string{"SIZE 3000"}}, 0},
		{"by MaxBytes", &server{}, 3000},
		{"by the server's answer", &server{reply: func(line string) string {
			var size int
			if _, err := fmt.Sscanf(line, "MAIL FROM:<orders@example.com> SIZE=%d", &size); err == nil && size > 3000 {
				return "552 5.3.4 too large"
			}
			return ""
		}, extensions: []string{"SIZE"}}, 0},
	}
	for _, limit := range limits {
		t.Run(limit.name, func(t *testing.T) {
			s := newServer(t, limit.server)
			cfg := configFor(s)
			cfg.MaxBytes = limit.max
			core := newCore(t, cfg)
			n, err := core.WriteBatch(batchOf(t, "a", "b", strings.Repeat("large", 2000), "d"))
			assert.Equal(t, 4, n)
			var rejected *base.RejectedError
			require.ErrorAs(t, err, &rejected)
			assert.Equal(t, []int{2}, rejected.Indexes)
			assert.Equal(t, mailcore.Stats{Accepted: 3, Delivered: 3, Refused: 1}, core.Stats())
			require.Error(t, write(core, strings.Repeat("large", 2000)))
		})
	}
}

func TestABatchStopsWhereTheServerDoes(t *testing.T) {
	var mails atomic.Int32
	s := newServer(t, &server{extensions: []string{"SIZE 3000"}})
	s.reply = func(line string) string {
		if line == "." && mails.Add(1) == 2 {
			return "451 4.3.0 not now"
		}
		return ""
	}
	core := newCore(t, configFor(s))
	messages := make([]string, 20)
	for i := range messages {
		messages[i] = strings.Repeat("x", 200)
	}
	n, err := core.WriteBatch(batchOf(t, messages...))
	var retry *base.RetryError
	require.ErrorAs(t, err, &retry)
	assert.Positive(t, n)
	assert.Less(t, n, 20)
	assert.Equal(t, uint64(n), core.Stats().Delivered, "what was taken stays taken")
}

func TestAddressesBeyondASCII(t *testing.T) {
	tests := []struct {
		name, to  string
		offered   []string
		parameter string
		err       string
	}{
		{"asked for where they are needed", "jörg@example.com", []string{"SMTPUTF8"}, "SMTPUTF8", ""},
		{"not asked for where they are not", "joerg@example.com", []string{"SMTPUTF8"}, "", ""},
		{"refused if the server does not know them", "jörg@example.com", nil, "", "SMTPUTF8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(t, &server{extensions: test.offered})
			cfg := configFor(s)
			cfg.To = []string{test.to}
			err := write(newCore(t, cfg), "x")
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.parameter, s.received()[0].parameters)
			assert.Equal(t, []string{test.to}, s.received()[0].to)
		})
	}
}

func TestAServerThatKnowsNoEHLO(t *testing.T) {
	s := newServer(t, &server{reply: at("EHLO", "502 5.5.1 unknown")})
	require.NoError(t, write(newCore(t, configFor(s)), "x"))
	assert.Len(t, s.received(), 1)
	cfg := configFor(s)
	cfg.Credentials = login
	require.ErrorContains(t, write(newCore(t, cfg), "x"), "starttls: not offered")
}

func TestWithoutIdleTimeEachMailHangsUp(t *testing.T) {
	s := newServer(t, &server{})
	cfg := configFor(s)
	cfg.IdleTime = -1
	core := newCore(t, cfg)
	for range 3 {
		require.NoError(t, write(core, "x"))
	}
	assert.Equal(t, 3, s.connections())
	assert.Equal(t, "QUIT", s.heard()[len(s.heard())-1])
}

func TestCloseInterruptsAStall(t *testing.T) {
	arrived := make(chan struct{})
	s := newServer(t, &server{})
	s.reply = func(line string) string {
		if strings.HasPrefix(line, "MAIL") {
			close(arrived)
			return stall
		}
		return ""
	}
	cfg := configFor(s)
	cfg.Timeout = 300 * time.Millisecond
	core := newCore(t, cfg)
	written := make(chan error, 1)
	go func() { written <- write(core, "x") }()
	<-arrived
	begin := time.Now()
	require.NoError(t, core.Close())
	assert.Less(t, time.Since(begin), 5*time.Second)
	require.Error(t, <-written)
	assert.ErrorIs(t, write(core, "y"), mailcore.ErrClosed)
	assert.Zero(t, core.Stats().Missing())
}

// A server that is always just in time keeps a mail of many recipients going for long, but not beyond Close.
func TestCloseBoundsAMailThatIsSlow(t *testing.T) {
	arrived := make(chan struct{}, 100)
	s := newServer(t, &server{reply: func(line string) string {
		if strings.HasPrefix(line, "RCPT") {
			arrived <- struct{}{}
			<-time.After(100 * time.Millisecond)
		}
		return ""
	}})
	cfg := configFor(s)
	cfg.Timeout, cfg.To = 500*time.Millisecond, nil
	for i := range 100 {
		cfg.To = append(cfg.To, fmt.Sprintf("ops%d@example.com", i))
	}
	core := newCore(t, cfg)
	written := make(chan error, 1)
	go func() { written <- write(core, "x") }()
	<-arrived
	begin := time.Now()
	require.NoError(t, core.Close())
	assert.Less(t, time.Since(begin), 5*time.Second, "the mail would take 10 s")
	var timeout net.Error
	require.ErrorAs(t, <-written, &timeout)
	assert.True(t, timeout.Timeout())
}

func TestFatalIsDelivered(t *testing.T) {
	s := newServer(t, &server{})
	cfg := configFor(s)
	cfg.Interval = time.Hour
	core := newCore(t, cfg)
	require.NoError(t, write(core, "first"))
	require.NoError(t, write(core, "held"))
	require.Len(t, s.received(), 1)
	assert.Equal(t, uint64(1), core.Stats().Pending)
	require.NoError(t, core.Write(zapcore.Entry{Level: zapcore.FatalLevel, Time: noon, Message: "the end"}, nil))
	mails := s.received()
	require.Len(t, mails, 2, "the process is about to end")
	_, text := read(t, mails[1].data)
	assert.Contains(t, text, "held")
	assert.Contains(t, text, "the end")
	assert.Equal(t, mailcore.Stats{Accepted: 3, Delivered: 3}, core.Stats())
}

// TestAReplyThatCameTwice holds that a reply which nobody has asked for is not taken for the answer to the next command.
func TestAReplyThatCameTwice(t *testing.T) {
	t.Run("after a mail", func(t *testing.T) {
		s := newServer(t, &server{})
		s.judge = func(received) string { return "250 taken\n250 taken" }
		core := newCore(t, configFor(s))
		for range 3 {
			require.NoError(t, write(core, "x"))
		}
		require.Equal(t, mailcore.Stats{Accepted: 3, Delivered: 3}, core.Stats())
	})
	t.Run("before a recipient is refused", func(t *testing.T) {
		s := newServer(t, &server{})
		s.reply = func(line string) string {
			switch verb, _, _ := strings.Cut(line, " "); verb {
			case "MAIL":
				return "250 ok\n250 ok"
			case "RCPT":
				return "550 no such user"
			}
			return ""
		}
		err := write(newCore(t, configFor(s)), "x")
		require.ErrorContains(t, err, `the server has said what it was not asked: "250 ok\r\n"`)
		require.Empty(t, s.received())
	})
}

// brokenConn is a connection of a Dial that panics once it is to send a mail.
type brokenConn struct{ net.Conn }

func (c brokenConn) Write(b []byte) (int, error) {
	if bytes.HasPrefix(b, []byte("MAIL")) {
		panic("broken")
	}
	return c.Conn.Write(b)
}

// A panic of a connection ends the connection, and not the program, even if a timer sends the mail.
func TestConnectionThatPanics(t *testing.T) {
	s := newServer(t, &server{})
	var broken atomic.Bool
	told := make(chan error, 10)
	cfg := configFor(s)
	cfg.Interval, cfg.IdleTime, cfg.OnError = time.Second, -1, func(err error) { told <- err }
	cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := s.dial(ctx, network, addr)
		if err == nil && broken.Load() {
			conn = brokenConn{conn}
		}
		return conn, err
	}
	core := newCore(t, cfg)
	require.NoError(t, write(core, "at once"))
	broken.Store(true)
	require.NoError(t, write(core, "held"))
	require.ErrorContains(t, sockets.Receive(t, told), "panic: broken")
	broken.Store(false)
	require.NoError(t, core.Close())
	require.EqualValues(t, 2, core.Stats().Delivered)
}

// cutConn is a connection that ends when so many bytes were written to it.
type cutConn struct {
	net.Conn
	left int
}

func (c *cutConn) Write(b []byte) (int, error) {
	if c.left -= len(b); c.left < 0 {
		_ = c.Close()
		return 0, net.ErrClosed
	}
	return c.Conn.Write(b)
}

// A mail of which the server never got the end cannot have arrived: it is no copy, and not given up after MaxCopies.
func TestAMailThatIsNeverSentWholeIsNotGivenUp(t *testing.T) {
	s := newServer(t, &server{})
	var cut atomic.Bool
	cut.Store(true)
	cfg := configFor(s)
	cfg.MaxCopies, cfg.InlineBytes, cfg.RetryStart, cfg.RetryMax = 2, 1<<20, time.Microsecond, time.Microsecond
	cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := s.dial(ctx, network, addr)
		if err == nil && cut.Load() {
			conn = &cutConn{conn, 20 << 10}
		}
		return conn, err
	}
	core := newCore(t, cfg)
	batch := batchOf(t, strings.Repeat("x", 100<<10))
	for range 6 {
		_, err := core.WriteBatch(batch)
		require.ErrorAs(t, err, new(*base.RetryError))
		require.False(t, errors.As(err, new(*base.RejectedError)), "%v", err)
		<-time.After(time.Millisecond) // the backoff
	}
	cut.Store(false)
	require.Eventually(t, func() bool {
		n, _ := core.WriteBatch(batch)
		return n == 1
	}, 5*time.Second, time.Millisecond)
	require.Len(t, s.received(), 1)
}
