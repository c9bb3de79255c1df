package disklog

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// A segment is a file called NUMBER-NONCE.records: the number of its first record, in twenty digits, and eight random hexadecimal
// digits. It holds records and nothing else:
//
//	┌────────┬────────┬────────┬──────────────┬─────────────┬───────┐
//	│ marker │ length │ number │ crc(payload) │ crc(header) │ payload │ …
//	│ u32    │ u32    │ u64    │ u32          │ u32         │ length  │
//	└────────┴────────┴────────┴──────────────┴─────────────┴───────┘
//
// Integers are little-endian, the checksums CRC-32C; that of the header covers the nonce (u32) first. Because the header has its own
// checksum, damage to a payload or a header costs only that record: the next header is found by its marker and its checksum. A
// logged message cannot imitate a record, because nobody who logs knows the nonce.
const (
	marker     = 0x5251485a // "ZHQR"
	headerSize = 24

	segmentSuffix = ".records"
	asideSuffix   = ".damaged"

	unfinishedSuffix = ".new" // of a segment that is written again, until it is complete
)

// MaxRecord is the largest payload, in bytes.
const MaxRecord = 1 << 30

// lastPlausible is the largest number that is believed in a name or a cursor; in a record it is twice that. Nobody counts so far.
const lastPlausible = 1 << 61

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// nonce belongs to one segment.
type nonce uint32

// newNonce draws a nonce. If after is not 0 it is larger than after, so that the names of segments with the same first number are in the
// order in which they were made.
func newNonce(after nonce) nonce {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	drawn := nonce(binary.LittleEndian.Uint32(b[:]))
	if after == 0 {
		return drawn>>1 | 1 // leaves room for larger ones
	}
	return after + 1 + drawn%(1<<20)
}

// sum is the checksum of a header's first twenty bytes.
func (n nonce) sum(b []byte) uint32 {
	var seed [4]byte
	binary.LittleEndian.PutUint32(seed[:], uint32(n))
	return crc32.Update(checksum(seed[:]), castagnoli, b)
}

// appendRecord appends one record.
func (n nonce) appendRecord(b []byte, number uint64, payload []byte) []byte {
	at := len(b)
	b = binary.LittleEndian.AppendUint32(b, marker)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	b = binary.LittleEndian.AppendUint64(b, number)
	b = binary.LittleEndian.AppendUint32(b, checksum(payload))
	b = binary.LittleEndian.AppendUint32(b, n.sum(b[at:]))
	return append(b, payload...)
}

// header is what stands before a payload.
type header struct {
	length int
	number uint64
	sum    uint32
}

// parseHeader reads the header at the beginning of b, if there is a whole one.
func (n nonce) parseHeader(b []byte) (h header, ok bool) {
	if len(b) < headerSize || binary.LittleEndian.Uint32(b) != marker || binary.LittleEndian.Uint32(b[20:]) != n.sum(b[:20]) {
		return header{}, false
	}
	h = header{
		length: int(binary.LittleEndian.Uint32(b[4:])),
		number: binary.LittleEndian.Uint64(b[8:]),
		sum:    binary.LittleEndian.Uint32(b[16:]),
	}
	return h, h.length <= MaxRecord && 0 < h.number && h.number <= 2*lastPlausible
}

// segmentID is what a segment's name says.
type segmentID struct {
	first uint64
	nonce nonce
}

func (id segmentID) name() string {
	return fmt.Sprintf("%020d-%08x%s", id.first, uint32(id.nonce), segmentSuffix)
}

func parseName(name string) (id segmentID, ok bool) {
	rest, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(rest) != 20+1+8 || rest[20] != '-' {
		return id, false
	}
	first, err := strconv.ParseUint(rest[:20], 10, 64)
	if err != nil || first == 0 || first > lastPlausible {
		return id, false
	}
	n, err := strconv.ParseUint(rest[21:], 16, 32)
	return segmentID{first, nonce(n)}, err == nil
}

// walker finds the records in the bytes b of one segment. It skips damaged bytes.
type walker struct {
	nonce nonce
	b     []byte
	at    int // end of the last intact record
	seen  int // between at and seen no record begins
}

// next returns the next intact record. ok is false at the end of b, and if b ends within the next record.
func (w *walker) next() (number uint64, payload []byte, ok bool) {
	for at := max(w.at, w.seen); at < len(w.b); {
		h, found := w.nonce.parseHeader(w.b[at:])
		if !found {
			at = w.find(at + 1)
			continue
		}
		stop := at + headerSize + h.length
		if stop > len(w.b) {
			w.seen = at // the rest of it is not here
			return 0, nil, false
		}
		payload := w.b[at+headerSize : stop : stop]
		at = stop
		if checksum(payload) == h.sum {
			w.at = stop
			return h.number, payload, true
		}
	}
	w.seen = max(w.seen, w.at, len(w.b)-headerSize+1)
	return 0, nil, false
}

// find returns where the next header begins, from at on.
func (w *walker) find(at int) int {
	for ; at+headerSize <= len(w.b); at++ {
		if w.b[at] == marker&0xff {
			if _, ok := w.nonce.parseHeader(w.b[at:]); ok {
				return at
			}
		}
	}
	return len(w.b)
}
