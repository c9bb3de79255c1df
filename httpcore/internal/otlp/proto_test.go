package otlp

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSetLength(t *testing.T) {
	for _, reserved := range []int{1, 2, 3} {
		for _, n := range []int{0, 1, 127, 128, 300, 16_383, 16_384, 1 << 21} {
			content := make([]byte, n)
			for i := range content {
				content[i] = byte(i*7 + 1)
			}
			b := append(append([]byte("before"), make([]byte, reserved)...), content...)
			b = setLength(b, len("before")+reserved, reserved)
			want := append(binary.AppendUvarint([]byte("before"), uint64(n)), content...)
			require.Equal(t, want, b, "%d bytes, %d reserved", n, reserved)
		}
	}
}

func TestReadAnswer(t *testing.T) {
	// partial_success { rejected_log_records: 3, error_message: "old" }
	partial := []byte{0x0a, 7, 0x08, 3, 0x12, 3, 'o', 'l', 'd'}
	// google.rpc.Status { code: 13, message: "no", details {} }
	refusal := []byte{0x08, 13, 0x12, 2, 'n', 'o', 0x1a, 0}
	const proto, jsonType = "application/x-protobuf", "application/json; charset=utf-8"
	for name, test := range map[string]struct {
		kind   string
		status int
		body   []byte
		want   Answer
		ok     bool
	}{
		"nothing":                      {proto, 200, nil, Answer{}, true},
		"partial success":              {proto, 200, partial, Answer{3, "old"}, true},
		"without a type":               {"", 200, partial, Answer{3, "old"}, true},
		"partial success in JSON":      {jsonType, 200, []byte(`{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"old"}}`), Answer{3, "old"}, true},
		"a number in JSON":             {"text/plain", 200, []byte(`{"partialSuccess":{"rejectedLogRecords":3}}`), Answer{3, ""}, true},
		"a number with a point":        {"application/json", 200, []byte(`{"partialSuccess":{"rejectedLogRecords":3.0}}`), Answer{3, ""}, true},
		"half a record":                {"application/json", 200, []byte(`{"partialSuccess":{"rejectedLogRecords":0.5}}`), Answer{}, false},
		"cut short":                    {proto, 200, partial[:5], Answer{}, false},
		"text":                         {"text/plain", 200, []byte("ok"), Answer{}, false},
		"refusal":                      {proto, 500, refusal, Answer{0, "no"}, true},
		"refusal in JSON":              {jsonType, 500, []byte(`{"code":13,"message":"no"}`), Answer{0, "no"}, true},
		"refusal in text":              {"text/plain", 500, refusal, Answer{}, false},
		"refusal that says nothing":    {proto, 500, []byte{0x08, 13}, Answer{}, false},
		"a length beyond the message":  {proto, 200, []byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f}, Answer{}, false},
		"a tag that breaks off":        {proto, 200, append(partial[:len(partial):len(partial)], 0x80), Answer{}, false},
		"a field without a number":     {proto, 200, append(partial[:len(partial):len(partial)], 0x00, 1), Answer{}, false},
		"a field of too high a number": {proto, 200, append(partial[:len(partial):len(partial)], 0x88, 0x80, 0x80, 0x80, 0x10, 1), Answer{}, false},
		"a number that breaks off":     {proto, 200, []byte{0x08, 0x80}, Answer{}, false},
		"a length that breaks off":     {proto, 200, []byte{0x0a, 0x80}, Answer{}, false},
		"64 bits that break off":       {proto, 200, append(partial[:len(partial):len(partial)], 0x79, 1, 2, 3, 4, 5, 6, 7), Answer{}, false},
		"32 bits that break off":       {proto, 200, append(partial[:len(partial):len(partial)], 0x7d, 1, 2, 3), Answer{}, false},
		"a group":                      {proto, 200, []byte{0x0b}, Answer{}, false},
		"fields that nobody knows":     {proto, 200, append([]byte{0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7d, 1, 2, 3, 4}, partial...), Answer{3, "old"}, true},
	} {
		got, ok := ReadAnswer(test.kind, test.status, test.body)
		require.Equal(t, test.ok, ok, name)
		if ok {
			require.Equal(t, test.want, got, name)
		}
	}
}

func FuzzReadAnswer(f *testing.F) {
	f.Add("application/x-protobuf", 200, []byte{0x0a, 7, 0x08, 3, 0x12, 3, 'o', 'l', 'd'})
	f.Add("application/json", 500, []byte(`{"message":"no"}`))
	f.Fuzz(func(t *testing.T, kind string, status int, body []byte) { ReadAnswer(kind, status, body) })
}
