package session

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDatagramSeal(t *testing.T) {
	key := []byte("0123456789abcdef")
	now := time.Now()
	client, server := NewDatagramSeal(key), NewDatagramSeal(key)
	b := client.Append(nil, 0, []byte("hello"))
	payload, err := server.Verify(b, 0, now)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(payload))
	_, err = server.Verify(b, 0, now.Add(2*keyWindow))
	assert.ErrorIs(t, err, errStale)
	_, err = server.Verify(b, 0, now.Add(-2*keyWindow))
	assert.ErrorIs(t, err, errStale)
	for i := range b {
		b[i] ^= 1
		_, err = server.Verify(b, 0, now)
		assert.ErrorIs(t, err, errUnsigned, "byte %d changed", i)
		b[i] ^= 1
	}
	_, err = NewDatagramSeal([]byte("another key here")).Verify(b, 0, now)
	assert.ErrorIs(t, err, errUnsigned)
	_, err = server.Verify(b[:10], 0, now)
	assert.ErrorIs(t, err, errUnsigned)
}
