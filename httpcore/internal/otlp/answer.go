package otlp

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Answer is what a receiver says about a request.
type Answer struct {
	Rejected int64  // log records, in a partial success
	Message  string // for people, in a partial success or a refusal
}

// ReadAnswer reads the body of an answer: an ExportLogsServiceResponse if the status is 200, else a google.rpc.Status. ok reports
// whether it could be read. A body that is neither is an empty Answer.
func ReadAnswer(contentType string, status int, body []byte) (a Answer, ok bool) {
	if len(body) == 0 {
		return a, true
	}
	isJSON := body[0] == '{' || strings.HasPrefix(contentType, "application/json") // no protobuf message begins with a brace
	switch {
	case isJSON && status == 200:
		return readJSONResponse(body)
	case isJSON:
		var refusal struct {
			Message string `json:"message"`
		}
		err := json.Unmarshal(body, &refusal)
		return Answer{Message: refusal.Message}, err == nil && refusal.Message != ""
	case status == 200:
		return readResponse(body)
	case !strings.HasPrefix(contentType, "application/x-protobuf"):
		return a, false
	default:
		a.Message, ok = textIn(body, 2) // google.rpc.Status.message
		return a, ok && a.Message != ""
	}
}

// readJSONResponse is readResponse for JSON. Its names are in camel case or, as protobuf allows, as in the schema.
func readJSONResponse(body []byte) (Answer, bool) {
	type partial struct {
		Rejected  count  `json:"rejectedLogRecords"`
		Rejected2 count  `json:"rejected_log_records"`
		Message   string `json:"errorMessage"`
		Message2  string `json:"error_message"`
	}
	var response struct {
		Partial  partial `json:"partialSuccess"`
		Partial2 partial `json:"partial_success"`
	}
	err := json.Unmarshal(body, &response)
	p := cmp.Or(response.Partial, response.Partial2)
	return Answer{int64(cmp.Or(p.Rejected, p.Rejected2)), cmp.Or(p.Message, p.Message2)}, err == nil
}

// readResponse reads ExportLogsServiceResponse{partial_success = 1 {rejected_log_records = 1, error_message = 2}}.
func readResponse(body []byte) (a Answer, ok bool) {
	partial, ok := textIn(body, 1)
	if !ok {
		return a, false
	}
	ok = eachField([]byte(partial), func(number int, value uint64, text []byte) {
		switch number {
		case 1:
			a.Rejected = int64(value)
		case 2:
			a.Message = string(text)
		}
	})
	return a, ok
}

// textIn returns the last field with that number in a message, and whether the message could be read.
func textIn(message []byte, wanted int) (s string, ok bool) {
	ok = eachField(message, func(number int, _ uint64, text []byte) {
		if number == wanted {
			s = string(text)
		}
	})
	return s, ok
}

// eachField calls f for each field of a message, with its value if it is a number, or its bytes if it has a length.
func eachField(message []byte, f func(number int, value uint64, text []byte)) bool {
	for len(message) > 0 {
		tag, rest, ok := cutNumber(message)
		number := tag >> 3
		if !ok || number == 0 || number > 1<<29 {
			return false
		}
		switch tag & 7 {
		case 0: // a varint
			var value uint64
			if value, rest, ok = cutNumber(rest); ok {
				f(int(number), value, nil)
			}
		case 1: // 64 bits
			_, rest, ok = cut(rest, 8)
		case 2: // a length, and bytes
			var text []byte
			if text, rest, ok = cutText(rest); ok {
				f(int(number), 0, text)
			}
		case 5: // 32 bits
			_, rest, ok = cut(rest, 4)
		default: // groups, which nobody sends
			ok = false
		}
		if !ok {
			return false
		}
		message = rest
	}
	return true
}

// cutNumber cuts a varint off b.
func cutNumber(b []byte) (number uint64, rest []byte, ok bool) {
	number, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, false
	}
	return number, b[n:], true
}

// cutText cuts a length and that many bytes off b.
func cutText(b []byte) (text, rest []byte, ok bool) {
	length, b, ok := cutNumber(b)
	if !ok {
		return nil, nil, false
	}
	return cut(b, length)
}

// cut cuts n bytes off b.
func cut(b []byte, n uint64) (first, rest []byte, ok bool) {
	if n > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

// count is an int64 in protobuf's JSON: a number or a string.
type count int64

// UnmarshalJSON implements json.Unmarshaler.
func (c *count) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil { // 2.0 and 2e0 are integers too
		var f float64
		if f, err = strconv.ParseFloat(text, 64); err == nil && (f != math.Trunc(f) || math.Abs(f) >= 1<<63) {
			err = strconv.ErrRange
		}
		n = int64(f)
	}
	*c = count(n)
	return err
}
