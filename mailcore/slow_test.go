package mailcore_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/mailcore"
	base "example.com/zaphandlers/zapcore"
)

// slowly returns a reply that comes after d to lines with this beginning, and is the usual one.
func slowly(begin string, d time.Duration) func(string) string {
	return func(line string) string {
		if strings.HasPrefix(line, begin) {
			<-time.After(d)
		}
		return ""
	}
}

// messageIDs returns the Message-ID of each mail.
func messageIDs(t *testing.T, mails []received) (ids []string) {
	for _, m := range mails {
		message, err := mail.ReadMessage(bytes.NewReader(m.data))
		require.NoError(t, err)
		ids = append(ids, message.Header.Get("Message-ID"))
	}
	return ids
}

// unanswering makes s take each mail and say so after d, so that the client may be gone. The mails are in s.received all the same.
func unanswering(s *server, d func(mail int) time.Duration) {
	var mails atomic.Int32
	s.taken = func(received) { <-time.After(d(int(mails.Add(1)))) }
}

// inQuietBubble runs test in a bubble, with a core whose OnError is not listened to.
func inQuietBubble(t *testing.T, s *server, change func(*mailcore.Config), test func(core *mailcore.Core)) {
	synctest.Test(t, func(t *testing.T) {
		s.done = make(chan struct{})
		cfg := configFor(s)
		cfg.OnError = func(error) {}
		if change != nil {
			change(&cfg)
		}
		core := newCore(t, cfg)
		test(core)
		_ = core.Close()
		close(s.done)
		s.sessions.Wait()
	})
}

func TestASlowServerGetsEachMailOnce(t *testing.T) {
	tests := []struct {
		name, at string
		after    time.Duration
	}{
		{"it greets after 2 s", "greeting", 2 * time.Second},
		{"it greets after 19 s", "greeting", 19 * time.Second},
		{"it thinks about each recipient", "RCPT", 4 * time.Second},
		{"it scans for 3 s", ".", 3 * time.Second},
		{"it scans for 30 s", ".", 30 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &server{reply: slowly(test.at, test.after)}
			inQuietBubble(t, s, nil, func(core *mailcore.Core) {
				require.NoError(t, write(core, "x"))
				require.Len(t, s.received(), 1)
			})
		})
	}
}

func TestAfterATimeoutTheNextAttemptHasLonger(t *testing.T) {
	for _, line := range []string{"greeting", "EHLO", "MAIL", "RCPT", "DATA", "."} {
		t.Run(line, func(t *testing.T) {
			s := &server{reply: slowly(line, 100*time.Second)} // less than RFC 5321 allows a server
			inQuietBubble(t, s, nil, func(core *mailcore.Core) {
				attempts := 0
				for {
					attempts++
					_, err := core.WriteBatch(batchOf(t, "x"))
					if err == nil {
						break
					}
					require.Less(t, attempts, 10)
					<-time.After(30 * time.Second)
				}
				before := len(s.received())
				require.LessOrEqual(t, before, 2)
				_, err := core.WriteBatch(batchOf(t, "y"))
				require.NoError(t, err, "what was learned is kept")
				require.Len(t, s.received(), before+1)
			})
		})
	}
}

// A queue sends its batch again, which may have grown since the unanswered attempt: the mail is the same.
func TestACopyIsTheSameMail(t *testing.T) {
	s := new(server)
	unanswering(s, func(mail int) time.Duration {
		if mail < 3 {
			return time.Hour
		}
		return 0
	})
	inQuietBubble(t, s, nil, func(core *mailcore.Core) {
		n, err := core.WriteBatch(batchOf(t, "a", "b"))
		require.Error(t, err)
		require.Zero(t, n)
		<-time.After(time.Minute)
		n, err = core.WriteBatch(batchOf(t, "a", "b", "c", "d"))
		require.Error(t, err)
		require.Zero(t, n, "the rest does not overtake it")
		<-time.After(time.Minute)
		n, err = core.WriteBatch(batchOf(t, "a", "b", "c", "d", "e"))
		require.NoError(t, err)
		require.Equal(t, 5, n)
		<-time.After(2 * time.Hour) // the server comes to the end of all it has
		synctest.Wait()
	})
	ids := messageIDs(t, s.received())
	texts := map[string]string{}
	for i, m := range s.received() {
		_, text := read(t, m.data)
		if known, ok := texts[ids[i]]; ok {
			assert.Equal(t, known, text, "the same Message-ID is the same mail")
		}
		texts[ids[i]] = text
	}
	require.Len(t, ids, 4)
	require.Len(t, texts, 2, "three times the mail that was not answered, and once the rest: %q", ids)
}

func TestAMailKeepsItsMessageIDAlsoIfTheServerSaysLater(t *testing.T) {
	s := &server{reply: at(".", "451 4.3.0 not now")}
	inQuietBubble(t, s, nil, func(core *mailcore.Core) {
		for range 3 {
			_, err := core.WriteBatch(batchOf(t, "x"))
			require.Error(t, err)
			<-time.After(time.Minute)
		}
		s.change(nil)
		_, err := core.WriteBatch(batchOf(t, "x"))
		require.NoError(t, err)
		_, err = core.WriteBatch(batchOf(t, "x"))
		require.NoError(t, err)
	})
	ids := append(messageIDs(t, s.refused), messageIDs(t, s.received())...)
	require.Len(t, ids, 5)
	for _, id := range ids[1:4] {
		assert.Equal(t, ids[0], id)
	}
	assert.NotEqual(t, ids[3], ids[4], "a record that happens to be the same is another mail")
}

func TestCopiesHaveABound(t *testing.T) {
	s := new(server)
	unanswering(s, func(mail int) time.Duration {
		if mail > mailcore.DefaultMaxCopies {
			return 0
		}
		return time.Hour
	})
	inQuietBubble(t, s, nil, func(core *mailcore.Core) {
		begin := time.Now()
		var err error
		attempts := 0
		for attempts < 100 {
			_, err = core.WriteBatch(batchOf(t, "poison"))
			var retry *base.RetryError
			if !errors.As(err, &retry) {
				break
			}
			if !strings.Contains(err.Error(), "backing off") {
				attempts++
			}
			<-time.After(max(retry.After, time.Second))
		}
		var rejected *base.RejectedError
		require.ErrorAs(t, err, &rejected, "what the server never answers is given up, and what is behind it passes")
		assert.ErrorContains(t, err, "given up after 5 attempts that the server has not answered; the mail may have arrived")
		assert.Equal(t, mailcore.DefaultMaxCopies-1, attempts)
		assert.Greater(t, time.Since(begin), 3*time.Minute)
		assert.Equal(t, uint64(1), core.Stats().Refused)
		assert.Zero(t, core.Stats().Missing())
		require.Eventually(t, func() bool { _, err := core.WriteBatch(batchOf(t, "next")); return err == nil }, time.Hour, time.Second)
		<-time.After(2 * time.Hour)
		synctest.Wait()
	})
	ids := messageIDs(t, s.received())
	require.Len(t, ids, mailcore.DefaultMaxCopies+1)
	distinct := map[string]int{}
	for _, id := range ids {
		distinct[id]++
	}
	require.Len(t, distinct, 2, "%v", distinct)
}

func TestADigestThatMayHaveArrivedIsSentAgainAsItWas(t *testing.T) {
	s := new(server)
	unanswering(s, func(mail int) time.Duration {
		if mail == 2 {
			return time.Hour
		}
		return 0
	})
	change := func(cfg *mailcore.Config) { cfg.Interval = time.Minute }
	inQuietBubble(t, s, change, func(core *mailcore.Core) {
		for _, message := range []string{"first", "held-1", "held-2"} {
			require.NoError(t, write(core, message))
		}
		<-time.After(90 * time.Second) // the digest is on its way, and the server does not answer
		begin := time.Now()
		require.NoError(t, write(core, "while it is on its way"))
		assert.Zero(t, time.Since(begin), "a record that is held waits for no mail")
		assert.Equal(t, mailcore.Stats{Accepted: 4, Delivered: 1, Pending: 3}, core.Stats())
		<-time.After(10 * time.Minute)
		assert.Equal(t, mailcore.Stats{Accepted: 4, Delivered: 4}, core.Stats())
		<-time.After(time.Hour)
		synctest.Wait()
	})
	mails := s.received()
	ids := messageIDs(t, mails)
	require.Len(t, mails, 4)
	count := map[string]int{}
	for i, m := range mails {
		count[ids[i]]++
		if _, text := read(t, m.data); strings.Contains(text, "on its way") {
			assert.NotContains(t, text, "held-1", "what came later is a mail of its own")
			assert.Equal(t, 1, strings.Count(strings.Join(ids, " "), ids[i]))
		}
	}
	require.Len(t, count, 3, "one of the mails is a copy: %v", ids)
}

func TestADigestThatTheServerDidNotTakeIsOneDigestAgain(t *testing.T) {
	s := new(server)
	change := func(cfg *mailcore.Config) { cfg.Interval, cfg.HeldBytes = time.Minute, 200 }
	inQuietBubble(t, s, change, func(core *mailcore.Core) {
		require.NoError(t, write(core, "first"))
		require.NoError(t, write(core, "held-1"))
		s.change(func(line string) string {
			if strings.HasPrefix(line, "MAIL") {
				<-time.After(3 * time.Second)
				return "451 4.3.0 not now"
			}
			return ""
		})
		<-time.After(61 * time.Second)
		for i := range 20 {
			require.NoError(t, write(core, fmt.Sprint("while it is on its way ", i)))
		}
		<-time.After(3 * time.Second)
		s.change(nil)
		<-time.After(2 * time.Minute)
		assert.Equal(t, mailcore.Stats{Accepted: 22, Delivered: 22}, core.Stats())
	})
	mails := s.received()
	require.Len(t, mails, 2)
	_, text := read(t, mails[1].data)
	assert.Contains(t, text, "21 records (21 error)")
	assert.Contains(t, text, "held-1")
	_, shown, found := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "not shown.\n\n")
	require.True(t, found)
	assert.LessOrEqual(t, len(shown), 200, "HeldBytes holds for what is on its way, too")
}

// Of a code that it does not know a client goes by the first digit (RFC 5321, section 4.2.1): what begins with a 2 is yes, and where the
// content was answered by neither yes nor no the mail may have arrived, so that its copies have a bound.
func TestAnswersOfOtherCodes(t *testing.T) {
	for _, line := range []string{"MAIL", "RCPT", "."} {
		s := newServer(t, &server{reply: at(line, "251 2.0.0 yes")})
		require.NoError(t, write(newCore(t, configFor(s)), "x"), line)
	}
	for _, code := range []string{"354 go on", "150 wait", "600 what"} {
		s := new(server)
		s.reply = at(".", code)
		inQuietBubble(t, s, nil, func(core *mailcore.Core) {
			attempts := 0
			for attempts < 100 {
				_, err := core.WriteBatch(batchOf(t, "x"))
				if err == nil || errors.As(err, new(*base.RejectedError)) {
					break
				}
				if !strings.Contains(err.Error(), "backing off") {
					attempts++
				}
				<-time.After(time.Minute)
			}
			assert.Less(t, attempts, mailcore.DefaultMaxCopies, code)
		})
	}
}

// A server that says later is left alone for RetryStart, and longer each time, up to RetryMax.
func TestHowLongTheServerIsLeftAlone(t *testing.T) {
	for _, test := range []struct {
		start  time.Duration
		factor float64
		most   time.Duration
		want   int // attempts in the first 100 s
	}{
		{0, 0, 0, 8}, // at 0, 1, 3, 7, 15, 31, 61, 91
		{10 * time.Second, 1, 0, 10},
		{5 * time.Second, 3, 20 * time.Second, 6}, // at 0, 5, 20, 40, 60, 80
		{time.Hour, 0, time.Hour, 1},
	} {
		s := &server{reply: at(".", "451 4.3.0 not now")}
		change := func(cfg *mailcore.Config) {
			cfg.RetryStart, cfg.RetryFactor, cfg.RetryMax = test.start, test.factor, test.most
		}
		inQuietBubble(t, s, change, func(core *mailcore.Core) {
			for range 1000 {
				require.Error(t, write(core, "x"))
				<-time.After(100 * time.Millisecond)
			}
		})
		assert.Len(t, s.refused, test.want, "%v", test)
	}
	s := &server{}
	change := func(cfg *mailcore.Config) {
		cfg.Interval, cfg.RetryStart, cfg.RetryFactor, cfg.RetryMax = time.Hour, 2*time.Minute, 1, 2*time.Minute
	}
	inQuietBubble(t, s, change, func(core *mailcore.Core) {
		require.NoError(t, write(core, "first"))
		require.NoError(t, write(core, "held"))
		s.change(at(".", "451 4.3.0 not now"))
		<-time.After(time.Hour + 19*time.Minute)
		s.change(nil)
		<-time.After(3 * time.Minute)
		assert.Equal(t, mailcore.Stats{Accepted: 2, Delivered: 2}, core.Stats())
	})
	assert.Len(t, s.refused, 10, "each two minutes")
}
