package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheTimedFileRotatesWhileRequestsAreServed(t *testing.T) {
	ok, _, stdout, _ := try(t, t.Context(), config{requests: 1100, rate: 1000}, kind{"timed", func() destination { return new(timedFile) }})
	assert.True(t, ok, stdout)
	assert.Regexp(t, `(?m)^timed +1,100 +1,100 +0 +0 +0 +1,100 +\d{3},\d{3} +[23]$`, stdout, "1.1 s have one or two full seconds in them")
}
