package httpcore

import (
	"encoding/json"
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
