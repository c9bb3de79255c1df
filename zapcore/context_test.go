package zapcore_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// counting is a Stringer that counts how often it is asked.
type counting struct{ asked int }

func (c *counting) String() string {
	c.asked++
	return "text"
}

func TestTextsAreAskedOnceAndOnlyIfAllCanBe(t *testing.T) {
	tests := []struct {
		name string
		more []zapcore.Field
		want bool
	}{
		{"alone", nil, true},
		{"beside plain data", []zapcore.Field{zap.Int("n", 1), zap.Skip(), zap.Strings("list", []string{"a"}), zap.Error(io.EOF)}, true},
		{"beside an object", []zapcore.Field{zap.Any("k", struct{ A int }{1})}, false},
		{"beside bytes", []zapcore.Field{zap.Binary("k", []byte{1})}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var c counting
			var texts base.Texts
			require.Equal(t, test.want, texts.Ask(append([]zapcore.Field{zap.Stringer("s", &c)}, test.more...)))
			require.Equal(t, test.want, c.asked == 1)
		})
	}
	var texts base.Texts
	many := make([]zapcore.Field, 100)
	for i := range many {
		many[i] = zap.Stringer("s", new(counting))
	}
	require.False(t, texts.Ask(many), "who says so much takes the long way")
}
