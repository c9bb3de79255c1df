package queuecore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Two goroutines have each queued a record above Error, and make their requests in the other order: both records overtake.
func TestLateRecordsInAnyOrder(t *testing.T) {
	now := time.Now()
	tape := []byte("a tape")
	first, second := &urgentRecord{sequence: 10, tape: tape, overtakesAt: now}, &urgentRecord{sequence: 11, tape: tape, overtakesAt: now.Add(-1)}
	third := &urgentRecord{sequence: 12, tape: tape, overtakesAt: now.Add(time.Second)}
	var f flushRequests
	f.add(&flushRequest{upto: 12, urgent: second})
	f.add(&flushRequest{upto: 12, urgent: first})
	f.add(&flushRequest{upto: 13, urgent: third})
	none := func(uint64) bool { return false }
	assert.Equal(t, []*urgentRecord{second, first}, f.overdue(now, none))
	assert.Empty(t, f.overdue(now, none), "each once")
	assert.Equal(t, []*urgentRecord{third}, f.overdue(now.Add(time.Second), none))
	all := func(uint64) bool { return true }
	assert.Len(t, f.take(all), 3)
	assert.Empty(t, f.tried)
}

func TestLateRecordsOneByOne(t *testing.T) {
	now := time.Now()
	var f flushRequests
	none := func(uint64) bool { return false }
	second := &urgentRecord{sequence: 11, tape: []byte("a tape"), overtakesAt: now}
	f.add(&flushRequest{upto: 12, urgent: second})
	assert.Equal(t, []*urgentRecord{second}, f.overdue(now, none))
	first := &urgentRecord{sequence: 10, tape: []byte("a tape"), overtakesAt: now}
	f.add(&flushRequest{upto: 12, urgent: first})
	assert.Equal(t, []*urgentRecord{first}, f.overdue(now, none))
}
