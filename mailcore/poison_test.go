package mailcore_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/mailcore"
	base "example.com/zaphandlers/zapcore"
)

// deliverMails does with records what a queue does, and returns those that were refused for good, by their numbers.
func deliverMails(t *testing.T, core *mailcore.Core, from, records int) (refused []int) {
	t.Helper()
	var left []int
	for i := range records {
		left = append(left, from+i)
	}
	for calls := 0; len(left) > 0; calls++ {
		require.Less(t, calls, 2000, "%d records are still not delivered", len(left))
		var batch base.Batch
		for _, i := range left {
			var r base.Record
			require.NoError(t, r.Capture(zapcore.Entry{Level: zapcore.ErrorLevel, Message: fmt.Sprintf("record %05d", i)}, base.Context{}, nil))
			batch.Add(r.Bytes())
		}
		n, err := core.WriteBatch(&batch)
		var rejected *base.RejectedError
		if errors.As(err, &rejected) {
			for _, i := range rejected.Indexes {
				refused = append(refused, left[i])
			}
		}
		var again []int
		var retry *base.RetryError
		if errors.As(err, &retry) {
			for _, i := range retry.Indexes {
				again = append(again, left[i])
			}
		}
		left = append(again, left[n:]...)
		time.Sleep(time.Minute) // in a bubble
	}
	return refused
}

// A record for which the server refuses a mail for now, each time: it is found and refused for good, and all others arrive.
func TestARecordThatIsRefusedForNowAgainAndAgain(t *testing.T) {
	for _, wrong := range [][]int{{0}, {40}, {40, 41}, {80}} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(t, &server{})
			s.judge = func(mail received) string {
				for _, i := range wrong {
					if bytes.Contains(mail.data, fmt.Appendf(nil, "record %05d", i)) {
						return "451 4.7.1 try again later"
					}
				}
				return ""
			}
			core := newCoreFor(t, s)
			require.ElementsMatch(t, wrong, deliverMails(t, core, 0, 100))
			require.EqualValues(t, 100-len(wrong), core.Stats().Delivered)
			require.EqualValues(t, len(wrong), core.Stats().Refused)
			seen := map[int]int{}
			for _, mail := range s.received() {
				for i := range 100 {
					if bytes.Contains(mail.data, fmt.Appendf(nil, "record %05d", i)) {
						seen[i]++
					}
				}
			}
			require.Len(t, seen, 100-len(wrong))
			for i, mails := range seen {
				require.Equal(t, 1, mails, "record %d", i)
			}
			before := len(s.received())
			require.Empty(t, deliverMails(t, core, 1000, 100))
			require.Equal(t, 1, len(s.received())-before, "the next digest is one mail")
			require.NoError(t, core.Close())
		})
	}
}

// A server that takes nothing for a long time: nothing is refused for good.
func TestAServerThatTakesNothingForNow(t *testing.T) {
	for _, records := range []int{1, 2, 100} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(t, &server{})
			attempts := 0
			s.judge = func(received) string {
				if attempts++; attempts <= 200 {
					return "451 4.3.0 try again later"
				}
				return ""
			}
			core := newCoreFor(t, s)
			require.Empty(t, deliverMails(t, core, 0, records))
			require.EqualValues(t, records, core.Stats().Delivered)
			require.Len(t, s.received(), 1, "one digest")
			require.NoError(t, core.Close())
		})
	}
}

func newCoreFor(t *testing.T, s *server) *mailcore.Core {
	return newCore(t, mailcore.Config{Addr: "localhost:25", From: "a@example.test", To: []string{"b@example.test"}, Dial: s.dial,
		OnError: func(error) {}})
}

// Several poison records while few others come: a poison record that is sent as a test does not prove that the server is down, and
// each is found in time.
func TestSeveralRecordsThatAreRefusedForNow(t *testing.T) {
	for wrong := 2; wrong <= 3; wrong++ {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(t, &server{judge: func(mail received) string {
				if bytes.Contains(mail.data, []byte("bad")) {
					return "451 4.7.1 try again later"
				}
				return ""
			}})
			core := newCoreFor(t, s)
			var left, refused []string
			for i := range wrong {
				left = append(left, fmt.Sprint("bad-", i))
			}
			others := 0
			for calls := 0; len(left) > 0; calls++ {
				require.Less(t, calls, 3000, "%v", left)
				if calls%7 == 0 && len(left) <= wrong-len(refused) {
					left = append(left, fmt.Sprint("good-", others))
					others++
				}
				n, err := core.WriteBatch(batchOf(t, left...))
				var rejected *base.RejectedError
				if errors.As(err, &rejected) {
					for _, i := range rejected.Indexes {
						refused = append(refused, left[i])
					}
				}
				var again []string
				var retry *base.RetryError
				if errors.As(err, &retry) {
					for _, i := range retry.Indexes {
						again = append(again, left[i])
					}
				}
				left = append(again, left[n:]...)
				time.Sleep(time.Minute) // in a bubble
			}
			require.Len(t, refused, wrong)
			require.EqualValues(t, others, core.Stats().Delivered)
			require.NoError(t, core.Close())
		})
	}
}
