package request

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMessagesOfNetHTTP(t *testing.T) {
	for text, want := range map[string]bool{
		"Unsolicited response received on idle HTTP channel starting with \"x\"; err=<nil>":          true,
		"http2: Transport received unsolicited DATA frame; closing connection":                       true,
		"Transport: unhandled response frame type *http.http2UnknownFrame":                           true,
		"protocol error: received *http.http2WindowUpdateFrame before a SETTINGS frame":              true,
		"protocol error: received DATA after END_STREAM":                                             true,
		"protocol error: received DATA before a HEADERS frame":                                       true,
		"protocol error: received DATA on a HEAD request":                                            true,
		"2026/01/02 03:04:05 Unsolicited response received on idle HTTP channel starting with \"x\"": true,
		"order received": false,
		"The order was received, and the Transport is on its way": false,
		"": false,
	} {
		_, is := ofNetHTTP(text)
		assert.Equal(t, want, is, text)
	}
}
