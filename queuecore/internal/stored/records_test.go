package stored

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func of(words string) (records [][]byte) {
	for _, word := range strings.Fields(words) {
		records = append(records, []byte(word))
	}
	return records
}

func text(records [][]byte) string { return string(bytes.Join(records, []byte(" "))) }

func TestRecordsAreLeftOutAsOftenAsTheyWereAdded(t *testing.T) {
	var r Records
	require.Equal(t, "a b", text(r.Without(of("a b"))))
	r.Forget(of("a"))
	require.Zero(t, r.Len())
	r.Add(of("a b a"))
	require.Equal(t, "c a", text(r.Without(of("c a a b a"))), "two of three")
	require.Equal(t, "c", text(r.Without(of("b c"))), "in parts, and again: nothing is forgotten by asking")
	r.Forget(of("a x"))
	require.Equal(t, "a", text(r.Without(of("a a b"))))
	r.Forget(of("b a"))
	require.Zero(t, r.Len())
	require.Equal(t, "a b", text(r.Without(of("a b"))))
}

func TestRecordsAreTheOnesThatWereAdded(t *testing.T) {
	var r Records
	record := []byte("abc")
	r.Add([][]byte{record})
	record[0] = 'x'
	require.Empty(t, r.Without(of("abc")))
}

func TestRecordsAreBounded(t *testing.T) {
	var r Records
	for i := range 100 {
		r.Add([][]byte{bytes.Repeat([]byte{byte(i)}, 1<<20)})
	}
	require.LessOrEqual(t, r.Len(), limit>>20+1)
	require.NotZero(t, r.Len())
}
