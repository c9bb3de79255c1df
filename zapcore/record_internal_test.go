package zapcore

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
)

func TestAHugeRecordIsLetGo(t *testing.T) {
	r := GetRecord()
	require.NoError(t, r.Capture(zapcore.Entry{Message: strings.Repeat("x", 4*keepBuffer)}, Context{}, nil))
	r.Free()
	for range 16 {
		r := GetRecord()
		require.LessOrEqual(t, r.own.Memory(), keepBuffer, "a pool that keeps one huge buffer for ever is a leak")
		defer r.Free()
	}
}
