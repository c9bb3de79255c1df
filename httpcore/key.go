package httpcore

import (
	"crypto/rand"
	"hash/maphash"
	"strconv"

	base "example.com/zaphandlers/zapcore"
)

// keys makes the Idempotency-Key of each request, and gives a request that failed the same key when it is sent again.
//
// Whoever holds a batch sends it again with new records behind it. So the last failed request is remembered by its records,
// and when a batch has them at the same place they go as a request of their own, under the old key:
//
//	attempt 1   a b c       key 7, no answer
//	attempt 2   a b c d e   → a b c under key 7, then d e under key 8
//
// Where none are sent, the records of a request stay together all the same.
type keys struct {
	prefix string // empty: none are sent
	last   uint64
	seed   maphash.Seed

	failed struct { // the request that is to be sent again, if records is not 0
		key     string
		records int
		hash    uint64 // of their tapes
	}
}

func newKeys(sent bool) *keys {
	k := &keys{seed: maphash.MakeSeed()}
	if sent {
		k.prefix = rand.Text()
	}
	return k
}

// fresh returns a key that was never used.
func (k *keys) fresh() string {
	if k.prefix == "" {
		return ""
	}
	k.last++
	return k.prefix + "-" + strconv.FormatUint(k.last, 10)
}

// again returns the key for the records of batch that are in s, and how many of them it is bound to; 0: as many as fit.
func (k *keys) again(batch *base.Batch, s span) (key string, records int) {
	f := &k.failed
	if f.records == 0 || s.len() < f.records || k.hash(batch, span{s.from, s.from + f.records}) != f.hash {
		return k.fresh(), 0
	}
	key, records = f.key, f.records
	f.records = 0
	return key, records
}

// remember notes that the request with these records is to be sent again, and returns the hash of their tapes.
func (k *keys) remember(batch *base.Batch, s span, key string) uint64 {
	k.failed.key, k.failed.records = key, s.len()
	k.failed.hash = k.hash(batch, s)
	return k.failed.hash
}

func (k *keys) hash(batch *base.Batch, s span) uint64 {
	var h maphash.Hash
	h.SetSeed(k.seed)
	for i := s.from; i < s.to; i++ {
		_, _ = h.Write(batch.Tape(i))
	}
	return h.Sum64()
}
