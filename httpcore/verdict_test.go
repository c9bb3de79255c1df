package httpcore_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

// reading returns a core with an Envelope of the user's own.
func reading(t *testing.T, read func(*httpcore.Answer) error) *httpcore.Core {
	return lines(t, script(t, status(http.StatusOK)).URL, func(cfg *httpcore.Config) {
		cfg.Envelope = httpcore.Envelope{ContentType: "text/plain", Between: "\n", Read: read}
		cfg.MaxBatchRecords = 5
	})
}

// Whatever records a Read names, no record of another request is affected, and none that it refuses counts as delivered.
func TestVerdictsOfAnEnvelope(t *testing.T) {
	said := errors.New("said so")
	rejected := func(indexes ...int) error { return &base.RejectedError{Indexes: indexes, Err: said} }
	again := func(indexes ...int) error { return &base.RetryError{Indexes: indexes, Err: said} }
	for name, test := range map[string]struct {
		verdict         error
		n               int // of ten records, in two requests, of which the first gets the verdict
		rejected, again []int
		words           string
	}{
		"some refused":                      {rejected(3, 0), 10, []int{0, 3}, nil, "said so"},
		"one refused twice":                 {rejected(1, 1), 10, []int{1}, nil, "said so"},
		"refused, and none is named":        {rejected(), 10, []int{0, 1, 2, 3, 4}, nil, "said so"},
		"again, and none is named":          {again(), 0, nil, nil, "said so"},
		"some again":                        {again(4), 5, nil, []int{4}, "said so"},
		"some refused, the others again":    {multierr.Append(rejected(1), again()), 5, []int{1}, []int{0, 2, 3, 4}, "said so"},
		"some again, the others refused":    {multierr.Append(rejected(), again(1)), 5, []int{0, 2, 3, 4}, []int{1}, "said so"},
		"refused or again, nobody knows":    {multierr.Append(rejected(), again()), 0, nil, nil, "said so"},
		"refused in the request behind":     {rejected(0, 7), 0, nil, nil, "Config.Envelope.Read names record 7, and there are 0 to 4"},
		"refused behind the batch":          {rejected(700), 0, nil, nil, "Config.Envelope.Read names record 700"},
		"refused before the first":          {rejected(-1), 0, nil, nil, "Config.Envelope.Read names record -1"},
		"again, in the request behind":      {again(5), 0, nil, nil, "Config.Envelope.Read names record 5"},
		"again, and refused before the one": {multierr.Append(rejected(-7), again(1)), 0, nil, nil, "Config.Envelope.Read names record -7"},
	} {
		t.Run(name, func(t *testing.T) {
			first := true
			core := reading(t, func(*httpcore.Answer) error {
				if !first {
					return nil
				}
				first = false
				return test.verdict
			})
			n, err := core.WriteBatch(batchOf(t, numbered(0, 10)...))
			require.ErrorContains(t, err, test.words)
			assert.Equal(t, test.n, n)
			var refused *base.RejectedError
			errors.As(err, &refused)
			assert.Equal(t, len(test.rejected) > 0, refused != nil)
			if refused != nil {
				assert.Equal(t, test.rejected, refused.Indexes)
			}
			var retry *base.RetryError
			errors.As(err, &retry)
			assert.Equal(t, n < 10, retry != nil)
			if retry != nil {
				assert.Equal(t, test.again, retry.Indexes)
			}
			assert.EqualValues(t, n-len(test.rejected)-len(test.again), core.Stats().Delivered)
		})
	}
}

type panicking struct{}

func (panicking) RoundTrip(*http.Request) (*http.Response, error) { panic("a hook's") }

// TestHooksThatPanic holds that a panic of the user's code is an error, and that the core works on.
func TestHooksThatPanic(t *testing.T) {
	t.Run("Read", func(t *testing.T) {
		panics := true
		core := reading(t, func(*httpcore.Answer) error {
			if panics {
				panic("a hook's")
			}
			return nil
		})
		err := core.Write(zapcore.Entry{Message: "one"}, nil)
		require.ErrorContains(t, err, "Config.Envelope.Read: panic: a hook's")
		require.ErrorAs(t, err, new(*base.RetryError))
		n, err := core.WriteBatch(batchOf(t, numbered(0, 3)...))
		require.ErrorContains(t, err, "a hook's")
		require.Zero(t, n)
		panics = false
		requireTaken(t, core, batchOf(t, numbered(0, 3)...))
	})
	t.Run("Client", func(t *testing.T) {
		core := lines(t, "http://host.example", func(cfg *httpcore.Config) { cfg.Client = &http.Client{Transport: panicking{}} })
		err := core.Write(zapcore.Entry{Message: "one"}, nil)
		require.ErrorContains(t, err, "a hook's")
		require.ErrorAs(t, err, new(*base.RetryError))
	})
}
