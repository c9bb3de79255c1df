package zapcore

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func TestRecordRoundTripSmoke(t *testing.T) {
	enc := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	fields := append(tenFields(), zap.Error(ErrClosed), zap.Strings("s", []string{"a"}), zap.Namespace("n"), zap.Bool("f", false), zap.Any("m", map[string]int{"a": 1}))
	want, err := enc.EncodeEntry(tenEntry(), fields)
	require.NoError(t, err)
	r := GetRecord()
	require.NoError(t, r.Capture(tenEntry(), Context{}, fields))
	var p Record
	require.NoError(t, p.Parse(r.Bytes()))
	got, err := p.Encode(enc)
	require.NoError(t, err)
	require.Equal(t, want.String(), got.String())
	got, err = enc.EncodeEntry(p.Entry(), p.AppendFields(nil))
	require.NoError(t, err)
	require.Equal(t, want.String(), got.String())
}
