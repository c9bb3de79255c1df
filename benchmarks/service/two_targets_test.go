package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestATargetThatStallsHoldsUpNobody stalls until the other target has everything.
func TestATargetThatStallsHoldsUpNobody(t *testing.T) {
	const requests = 3000
	f := newTwoTargets(config{requests: requests})
	assert.EqualValues(t, requests/2, f.after)
	stalls := 0
	f.stall = func() {
		stalls++
		before := f.queue.Targets()[1].Delivered
		assert.Eventually(t, func() bool { return f.queue.Targets()[0].Delivered == requests }, 30*time.Second, time.Millisecond)
		assert.Equal(t, before, f.queue.Targets()[1].Delivered)
		assert.LessOrEqual(t, before, f.after)
	}
	ok, _, stdout, _ := try(t, t.Context(), config{requests: requests}, f.kinds()...)
	assert.True(t, ok, stdout)
	assert.Equal(t, 1, stalls)
	assert.Regexp(t, `(?m)^two targets: a file +3,000 +3,000 +0 +0 +0 +3,000 +\d{3},\d{3} +1$`, stdout)
	assert.Regexp(t, `(?m)^two targets: one that stalls +3,000 +3,000 +0 +0 +0 +3,000 +\d{3},\d{3} +1$`, stdout)
}

func TestTheStallComesInAnInputOfAnyLength(t *testing.T) {
	assert.EqualValues(t, 1000, newTwoTargets(config{requests: 100_000, input: "-"}).after)
}
