package gelf

import "encoding/binary"

const (
	// MaxChunks is how many chunks a message may have.
	MaxChunks = 128
	// ChunkHead is what comes before the bytes of a chunk: a mark, 8 bytes that the chunks of a message share, number, count.
	ChunkHead = 12
)

// AppendChunks appends payload as datagrams of at most size bytes, and to ends where each of them ends in dst. There must be room for
// it in MaxChunks of them. id is the message's own.
func AppendChunks(dst []byte, ends []int, payload []byte, size int, id uint64) ([]byte, []int) {
	room := size - ChunkHead
	count := (len(payload) + room - 1) / room
	for i := range count {
		dst = binary.BigEndian.AppendUint64(append(dst, 0x1e, 0x0f), id)
		dst = append(dst, byte(i), byte(count))
		n := min(room, len(payload))
		dst = append(dst, payload[:n]...)
		payload = payload[n:]
		ends = append(ends, len(dst))
	}
	return dst, ends
}
