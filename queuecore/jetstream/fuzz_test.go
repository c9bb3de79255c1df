package jetstream

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// Whatever a message holds, a reader takes it or says what is wrong, and its numbers only rise.
func FuzzMessage(f *testing.F) {
	f.Add([]byte("hello"), "1", "")
	f.Add([]byte{}, "18446744073709551615", "1/2")
	f.Fuzz(func(t *testing.T, data []byte, last, piece string) {
		r := reader{acked: place{number: 7}}
		header := nats.Header{headerLast: []string{last}}
		if piece != "" {
			header.Set(headerPart, piece)
		}
		missing, err := r.take(&jetstream.RawStreamMsg{Sequence: 9, Header: header, Data: data})
		if err != nil || len(r.held) == 0 {
			return
		}
		require.Greater(t, r.held[0].last(), uint64(7))
		require.Less(t, missing, uint64(lastPlausible))
	})
}

func FuzzPlace(f *testing.F) {
	f.Add([]byte("1 2 3"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if at, ok := parsePlace(data); ok {
			require.LessOrEqual(t, at.number, uint64(lastPlausible))
		}
	})
}
