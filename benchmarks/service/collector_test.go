package main

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCollectorGetsEveryRecord(t *testing.T) {
	var requests atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		assert.NotEmpty(t, r.Header.Get("Idempotency-Key"))
	}))
	defer other.Close()
	for name, url := range map[string]string{"its own, which fails now and then": "", "another one": other.URL} {
		t.Run(name, func(t *testing.T) {
			ok, _, stdout, _ := try(t, t.Context(), config{requests: 3000}, kind{"http", func() destination { return &collector{url: url} }})
			require.True(t, ok, stdout)
			require.Regexp(t, `(?m)^http +3,000 +3,000 +0 +0 +0 +3,000 `, stdout)
		})
	}
	assert.Positive(t, requests.Load())
}
