package mailcore_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/mailcore"
)

// judging returns a server that refuses each mail in which one of some records is, with these words.
func judging(words string, wrong ...int) *server {
	return &server{judge: func(mail received) string {
		if slices.ContainsFunc(wrong, func(i int) bool { return bytes.Contains(mail.data, fmt.Appendf(nil, "record %05d", i)) }) {
			return words
		}
		return ""
	}}
}

// holding has a window hold so many records, and returns how often each has arrived.
func holding(w *window, records int) (arrived func() map[int]int) {
	w.write("the one that opens the window")
	for i := range records {
		w.write(fmt.Sprintf("record %05d", i))
	}
	return func() map[int]int {
		seen := map[int]int{}
		for _, mail := range w.received() {
			for i := range records {
				if bytes.Contains(mail.data, fmt.Appendf(nil, "record %05d", i)) {
					seen[i]++
				}
			}
		}
		return seen
	}
}

// once requires that all but the wrong ones have arrived, each in one mail.
func once(t *testing.T, seen map[int]int, records int, wrong []int) {
	t.Helper()
	for i := range records {
		want := 1
		if slices.Contains(wrong, i) {
			want = 0
		}
		require.Equal(t, want, seen[i], "record %d", i)
	}
}

// A record that the server refuses for good costs itself, and not the digest that it is in.
func TestADigestIsNotRefusedForOneOfItsRecords(t *testing.T) {
	for _, wrong := range [][]int{{0}, {41}, {99}, {0, 99}, {40, 41}} {
		inBubble(t, time.Minute, judging("554 5.7.1 not this", wrong...), func(w *window) {
			arrived := holding(w, 100)
			pass(time.Minute)
			once(t, arrived(), 100, wrong)
			w.counts(mailcore.Stats{Accepted: 101, Delivered: 101 - uint64(len(wrong)), Dropped: uint64(len(wrong))})
			require.Len(t, w.told, 1)
			require.Contains(t, w.told[0], "not this")
		})
	}
}

// One that it refuses for now, each time, does not stop those that come with it and behind it.
func TestADigestIsNotStoppedByOneOfItsRecords(t *testing.T) {
	for _, wrong := range [][]int{{0}, {41}, {99}, {0, 99}} {
		inBubble(t, time.Minute, judging("451 4.7.1 try again later", wrong...), func(w *window) {
			arrived := holding(w, 100)
			for range 200 {
				pass(time.Minute)
			}
			once(t, arrived(), 100, wrong)
			w.counts(mailcore.Stats{Accepted: 101, Delivered: 101 - uint64(len(wrong)), Dropped: uint64(len(wrong))})
		})
	}
}

// A single record that is refused for now waits for another to tell whether it is the server.
func TestAHeldRecordThatIsRefusedForNowAlone(t *testing.T) {
	inBubble(t, time.Minute, judging("451 4.7.1 try again later", 0), func(w *window) {
		arrived := holding(w, 1)
		for range 200 {
			pass(time.Minute)
		}
		w.counts(mailcore.Stats{Accepted: 2, Delivered: 1, Pending: 1})
		w.write("one that is taken")
		for range 20 {
			pass(time.Minute)
		}
		require.Empty(t, arrived())
		w.counts(mailcore.Stats{Accepted: 3, Delivered: 2, Dropped: 1})
	})
}

// A server that takes nothing for a long time costs nothing, and is not stormed.
func TestADigestWaitsForAServerThatTakesNothingForNow(t *testing.T) {
	mails := 0
	s := &server{}
	s.judge = func(received) string {
		if mails++; 1 < mails && mails <= 200 {
			return "451 4.3.0 try again later"
		}
		return ""
	}
	inBubble(t, time.Minute, s, func(w *window) {
		arrived := holding(w, 100)
		for range 70 {
			pass(time.Minute)
		}
		require.Less(t, mails, 300)
		for range 400 {
			pass(time.Minute)
		}
		once(t, arrived(), 100, nil)
		w.counts(mailcore.Stats{Accepted: 101, Delivered: 101})
	})
}

// A server that refuses all for good is asked a bounded number of times.
func TestADigestThatIsRefusedWholeIsGivenUp(t *testing.T) {
	mails := 0
	s := &server{}
	s.judge = func(received) string {
		if mails++; mails > 1 {
			return "554 5.7.1 no"
		}
		return ""
	}
	inBubble(t, time.Minute, s, func(w *window) {
		holding(w, 1000)
		pass(time.Minute)
		require.Equal(t, 17, mails)
		w.counts(mailcore.Stats{Accepted: 1001, Delivered: 1, Dropped: 1000})
	})
}
