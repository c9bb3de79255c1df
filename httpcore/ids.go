package httpcore

import (
	"crypto/rand"
	"hash/maphash"
	"strconv"

	base "example.com/zaphandlers/zapcore"
)

// ids gives each record an id that it keeps over all attempts to send it, so that a server that knows the id does not store it twice.
// A record that comes again is recognised by its tape; of two identical records either may get either id. A nil ids gives none.
type ids struct {
	prefix string // of this process and core
	last   uint64
	seed   maphash.Seed

	given []uint64            // by record of the batch: the number of its id; 0: none yet
	kept  map[uint64][]uint64 // by the hash of a tape: numbers of records that were sent and may come again
	size  int                 // numbers in kept
}

// The sizes of an id's parts, prefix and number, in bytes.
const (
	idPrefix = 10
	idDigits = 10
	maxKept  = 1 << 17 // numbers that are kept
)

// noID takes the place of an id until a request is made.
const noID = "00000000000000000000"

func newIDs() *ids {
	return &ids{prefix: rand.Text()[:idPrefix], seed: maphash.MakeSeed(), kept: make(map[uint64][]uint64)}
}

// begin starts a batch: it looks up the ids of records that come again.
func (i *ids) begin(batch *base.Batch) {
	if i == nil {
		return
	}
	i.given = append(i.given[:0], make([]uint64, batch.Len())...)
	for n := 0; n < len(i.given) && i.size > 0; n++ {
		h := maphash.Bytes(i.seed, batch.Tape(n))
		if numbers := i.kept[h]; len(numbers) > 0 {
			i.given[n] = numbers[0]
			i.size--
			if i.kept[h] = numbers[1:]; len(numbers) == 1 {
				delete(i.kept, h)
			}
		}
	}
}

// end keeps the ids of records that were sent and may come again.
func (i *ids) end(batch *base.Batch, outcomes []outcome) {
	if i == nil {
		return
	}
	for n, number := range i.given {
		if number == 0 || outcomes[n] == outcomeDelivered || outcomes[n] == outcomeRejected {
			continue
		}
		if i.size >= maxKept { // they have not come again
			clear(i.kept)
			i.size = 0
		}
		h := maphash.Bytes(i.seed, batch.Tape(n))
		i.kept[h] = append(i.kept[h], number)
		i.size++
	}
	i.given = i.given[:0]
}

// put writes the id of record n of the batch over the first bytes of dst. n is -1 for a record that is in no batch.
func (i *ids) put(dst []byte, n int) {
	number := uint64(0)
	if n >= 0 {
		number = i.given[n]
	}
	if number == 0 {
		i.last++
		number = i.last
		if n >= 0 {
			i.given[n] = number
		}
	}
	copy(dst, i.prefix)
	var digits [20]byte
	text := strconv.AppendUint(digits[:0], number, 36)
	copy(dst[idPrefix:], noID[:idDigits])
	copy(dst[idPrefix+idDigits-len(text):], text)
}
