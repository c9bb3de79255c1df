package gelf

import "encoding/binary"

const (
	// MaxChunks is how many chunks a message may have.
	MaxChunks = 128
	// ChunkHead is the size of a chunk's header, in bytes: magic (2), message id (8), number, count.
	ChunkHead = 12
)

// AppendChunks appends payload to dst as datagrams of at most size bytes, and their ends in dst to ends. payload must fit into
// MaxChunks of them. id is the message's id.
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
