package httpcore

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMember(t *testing.T) {
	for object, want := range map[string]json.Token{
		`{"took":3,"errors":true,"items":[]}`:             true,
		`{"items":[{"errors":true},[1]],"errors":false}`:  false,
		`{"errors":false,"items":[ and what nobody reads`: false,
		`{"errors":"text"}`:                               "text",
		`{"errors":null}`:                                 nil,
		`{"errors":{"a":1}}`:                              json.Delim('{'),
		`{"took":3}`:                                      nil,
		`["errors",true]`:                                 nil,
		`true`:                                            nil,
	} {
		value, err := member([]byte(object), "errors")
		require.NoError(t, err, object)
		require.Equal(t, want, value, object)
	}
	for _, object := range []string{``, `{`, `{"errors":`, `{"errors":fal`, `{"took"`, `{"took":{"a":`, `<html>`} {
		value, err := member([]byte(object), "errors")
		require.True(t, err != nil || value == nil, "%s: %v", object, value)
	}
}

func TestSeconds(t *testing.T) {
	for micro, want := range map[int64]string{
		0: "0.000000", 1: "0.000001", 999999: "0.999999", 1e6: "1.000000", 1795348800123456: "1795348800.123456", -1: "-0.000001",
		-1500000: "-1.500000", math.MaxInt64: "9223372036854.775807", math.MinInt64: "-9223372036854.775808",
	} {
		require.Equal(t, want, string(appendSeconds(nil, micro)))
	}
}
