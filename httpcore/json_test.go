package httpcore

import (
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// allCreated must never say of an answer what reading it would not.
func TestAllCreated(t *testing.T) {
	const created = `{"create":{"status":201}}`
	for body, want := range map[string]bool{
		`{"errors":false,"items":[` + created + `,` + created + `]}`:                                                 true,
		`{"took":3,"errors":false,"items":[{"index":{"status":200}},` + created + `]}` + "\n":                        true,
		`{"errors":true,"items":[` + created + `,` + created + `]}`:                                                  false,
		`{"errors":false,"items":[` + created + `]}`:                                                                 false,
		`{"errors":false,"items":[` + created + `,` + created + `,` + created + `]}`:                                 false,
		`{"errors":false,"items":[` + created + `,{"create":{"status":429}}]}`:                                       false,
		`{"took":0,"errors":false,"error":"json: unsupported value: NaN","items":[` + created + `,` + created + `]}`: false,
		`{"errors":false}`: false,
		`{"items":[` + created + `,` + created + `]}`: false,
		`["errors",false]`:                            false,
		`{"errors":false,"items":[{"create":{"_id":"\"status\":201,\"status\":201"}}]}`: false,
		`{"errors":false,"items":[` + created + `,` + created:                           false,
	} {
		a := &Answer{Status: 200, Body: []byte(body), Records: 2, Header: http.Header{}}
		require.Equal(t, want, allCreated(a), body)
		if want {
			require.True(t, json.Valid(a.Body), body)
		} else if !strings.Contains(body, "true") { // which says that some failed, and then each item counts
			require.Error(t, readBulk(a, false), body)
		}
	}
	pretty := "{\n  \"errors\" : false,\n  \"items\" : [ { \"create\" : { \"status\" : 201 } } ]\n}"
	require.NoError(t, readBulk(&Answer{Status: 200, Body: []byte(pretty), Records: 1, Header: http.Header{}}, false))
}

func TestSeconds(t *testing.T) {
	for want, at := range map[string]time.Time{
		"0.000000000":            time.Unix(0, 0),
		"0.000000001":            time.Unix(0, 1),
		"1.500000000":            time.Unix(1, 5e8),
		"1795348800.123456789":   time.Unix(1795348800, 123456789),
		"253402300799.999999999": time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		require.Equal(t, want, string(appendSeconds(nil, at)))
	}
	for _, before := range []time.Time{time.Unix(-1, 0), time.Unix(0, -1), {}, time.Date(-9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		require.Equal(t, "0.000000000", string(appendSeconds(nil, before)), "there are no seconds before 1970 there")
	}
}

// A receiver in Python makes a datetime of created.
func TestTimesOfPython(t *testing.T) {
	for _, test := range []struct{ at, want time.Time }{
		{time.Unix(math.MinInt64, 0), time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)},
		{time.Date(0, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)},
		{time.Unix(-1, 5), time.Unix(-1, 5)},
	} {
		require.True(t, test.want.Equal(pythonTime(test.at)))
	}
	before := time.Now()
	require.False(t, pythonTime(time.Time{}).Before(before))
}
