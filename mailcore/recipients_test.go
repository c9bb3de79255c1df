package mailcore_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/mailcore"
)

// room returns a reply of a server that takes so many recipients of one mail, and says answer to the others.
func room(most int, answer string) func(line string) string {
	taken := 0
	return func(line string) string {
		switch verb, _, _ := strings.Cut(line, " "); verb {
		case "MAIL":
			taken = 0
		case "RCPT":
			if taken++; taken > most {
				return answer
			}
		}
		return ""
	}
}

func TestRecipientsWhoAreTooManyGetTheMailInAnotherTransaction(t *testing.T) {
	for _, answer := range []string{"452 4.5.3 too many recipients", "552 too many recipients"} { // the latter by RFC 821
		t.Run(answer, func(t *testing.T) {
			s := newServer(t, &server{reply: room(100, answer)})
			cfg := configFor(s)
			cfg.To = nil
			for i := range 250 {
				cfg.To = append(cfg.To, fmt.Sprintf("ops-%03d@example.com", i))
			}
			cfg.OnError = func(err error) { t.Error(err) }
			core := newCore(t, cfg)
			require.NoError(t, write(core, "x"))
			require.NoError(t, write(core, "y"))
			mails := s.received()
			require.Equal(t, 6, len(mails))
			for i, mails := range [][]received{mails[:3], mails[3:]} {
				var to []string
				for _, m := range mails {
					to = append(to, m.to...)
					assert.Equal(t, mails[0].data, m.data, "it is the same mail")
				}
				assert.Equal(t, cfg.To, to, "mail %d: each once", i)
			}
			assert.Equal(t, uint64(2), core.Stats().Delivered)
		})
	}
}

func TestARecipientForWhomThereIsNeverRoomIsTold(t *testing.T) {
	for _, answer := range []string{"452 4.2.2 over quota", "421 4.3.2 shutting down", hangUp} {
		t.Run(answer, func(t *testing.T) {
			began := 0
			s := newServer(t, &server{reply: func(line string) string {
				switch {
				case strings.HasPrefix(line, "MAIL"):
					began++
				case !strings.HasPrefix(line, "RCPT TO:<dev@"):
				case began == 1:
					return "452 4.2.2 over quota"
				default:
					return answer
				}
				return ""
			}})
			cfg := configFor(s)
			var told []error
			cfg.OnError = func(err error) { told = append(told, err) }
			core := newCore(t, cfg)
			require.NoError(t, write(core, "x"), "the others have it")
			require.Len(t, s.received(), 1)
			require.Len(t, told, 1)
			var refused *mailcore.RecipientsError
			require.ErrorAs(t, told[0], &refused)
			assert.Equal(t, []string{"dev@example.com"}, refused.Addresses)
			assert.Equal(t, 2, began)
			s.change(nil)
			require.NoError(t, write(core, "y"), "and the next mail is not held up")
			assert.Len(t, s.received(), 2)
		})
	}
}

// Two mails of a batch each miss another recipient: both are reported.
func TestRecipientsOfSeveralMailsAreTold(t *testing.T) {
	mails := 0
	s := newServer(t, &server{reply: func(line string) string {
		switch {
		case strings.HasPrefix(line, "MAIL"):
			mails++
		case strings.HasPrefix(line, "RCPT TO:<ops@") && mails%2 == 0, strings.HasPrefix(line, "RCPT TO:<dev@") && mails%2 == 1:
			return "550 5.1.1 unknown"
		}
		return ""
	}})
	cfg := configFor(s)
	cfg.MaxBytes, cfg.InlineBytes = 64<<10, 1<<20
	var all []string
	var mu sync.Mutex
	cfg.OnError = func(err error) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, err.Error())
	}
	core := newCore(t, cfg)
	n, err := core.WriteBatch(batchOf(t, strings.Repeat("x", 40<<10), strings.Repeat("y", 40<<10)))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		told := strings.Join(all, " ")
		return strings.Contains(told, "ops@example.com") && strings.Contains(told, "dev@example.com")
	}, 5*time.Second, time.Millisecond)
}
