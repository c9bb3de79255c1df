package tees

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
)

func TestMembers(t *testing.T) {
	a, b := zapcore.NewNopCore(), zapcore.NewCore(nil, nil, zapcore.InfoLevel)
	members, is := Members(zapcore.NewTee(a, b))
	require.True(t, is, "zapcore.NewTee returns a slice of Cores by another name")
	require.Equal(t, []zapcore.Core{a, b}, members)
	for _, other := range []zapcore.Core{nil, a, zapcore.NewTee(a)} {
		_, is = Members(other)
		require.False(t, is)
	}
}
