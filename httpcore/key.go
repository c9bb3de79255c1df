package httpcore

import (
	"crypto/rand"
	"hash/maphash"
	"strconv"

	base "example.com/zaphandlers/zapcore"
)

// keys makes the Idempotency-Key of each request. A request that failed gets the same key when it is sent again.
//
// A queue sends a failed batch again with new records behind it. So keys remembers the last failed request by its records. If a batch
// has them in the same place they form a request of their own, under the old key:
//
//	attempt 1   a b c       key 7, no answer
//	attempt 2   a b c d e   → a b c under key 7, then d e under key 8
//
// The records of a failed request stay together like this even if no keys are sent.
type keys struct {
	prefix string // empty: no keys are sent
	last   uint64
	seed   maphash.Seed

	failed struct { // the last failed request, if records is not 0
		key     string
		records int
		hash    uint64 // of the records' tapes
	}
}

func newKeys(sent bool) *keys {
	k := &keys{seed: maphash.MakeSeed()}
	if sent {
		k.prefix = rand.Text()
	}
	return k
}

// fresh returns a new key.
func (k *keys) fresh() string {
	if k.prefix == "" {
		return ""
	}
	k.last++
	return k.prefix + "-" + strconv.FormatUint(k.last, 10)
}

// again returns the key for the records of batch in s, and for how many of them it is; 0: for any number.
func (k *keys) again(batch *base.Batch, s span) (key string, records int) {
	f := &k.failed
	if f.records == 0 || s.len() < f.records || k.hash(batch, span{s.from, s.from + f.records}) != f.hash {
		return k.fresh(), 0
	}
	key, records = f.key, f.records
	f.records = 0
	return key, records
}

// remember notes that the request with these records failed, and returns the hash of their tapes.
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
