package jetstream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"

	base "example.com/zaphandlers/zapcore"
)

// The headers of a message; the package documentation has its picture.
const (
	headerLast = "Zaphandlers-Last"
	headerPart = "Zaphandlers-Part"
	headerID   = nats.MsgIdHdr
)

// lastPlausible is larger than any count: a larger number comes from another program.
const lastPlausible = 1 << 61

const (
	lengthSize = 4
	// headerRoom is more than the headers of a message take, in bytes.
	headerRoom = 4 << 10
)

// pack appends tapes to a message's data.
func pack(tapes [][]byte) (data []byte) {
	size := 0
	for _, tape := range tapes {
		size += lengthSize + len(tape)
	}
	data = make([]byte, 0, size)
	for _, tape := range tapes {
		data = binary.LittleEndian.AppendUint32(data, uint32(len(tape)))
		data = append(data, tape...)
	}
	return data
}

// fit returns how many of tapes fit into one message of limit bytes; 0 if not even the first.
func fit(tapes [][]byte, limit int) (n int) {
	for size := 0; n < len(tapes); n++ {
		if size += lengthSize + len(tapes[n]); size > limit {
			break
		}
	}
	return n
}

// unpack returns the tapes in a message's data. It checks each of them, because others may publish to the stream.
func unpack(data []byte) (tapes [][]byte, err error) {
	var r base.Record
	for len(data) > 0 {
		if len(data) < lengthSize {
			return nil, errors.New("ends in the middle of a length")
		}
		n := int64(binary.LittleEndian.Uint32(data))
		data = data[lengthSize:]
		if n > int64(len(data)) {
			return nil, fmt.Errorf("a record of %d bytes where %d are left", n, len(data))
		}
		if err := r.Parse(data[:n]); err != nil {
			return nil, err
		}
		tapes = append(tapes, data[:n:n])
		data = data[n:]
	}
	return tapes, nil
}

// part says which piece of a record that is larger than a message a message holds: k of n, from 1. The zero value is for messages
// of whole records.
type part struct{ k, n int }

func (p part) String() string { return fmt.Sprintf("%d/%d", p.k, p.n) }

func parsePart(header nats.Header) (p part, err error) {
	text := header.Get(headerPart)
	if text == "" {
		return part{}, nil
	}
	if _, err := fmt.Sscanf(text, "%d/%d", &p.k, &p.n); err != nil || p.k < 1 || p.k > p.n {
		return part{}, fmt.Errorf("header %s: %q", headerPart, text)
	}
	return p, nil
}

// lastNumber returns the number of the last record in a message.
func lastNumber(header nats.Header) (uint64, error) {
	number, err := strconv.ParseUint(header.Get(headerLast), 10, 64)
	if err != nil || number == 0 || number > lastPlausible {
		return 0, fmt.Errorf("header %s: %q is no record's number", headerLast, header.Get(headerLast))
	}
	return number, nil
}
