package sysloghandler

import (
	"bytes"
	"strconv"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore"
	base "example.com/zaphandlers/zapcore"
)

// numbered is netcore's Emitter with a sequenceId in each message (RFC 5424 section 7.3.1). Numbers are given here and not in the
// formatter, because only under the Handler's lock is the order of numbers the order of messages. A message that fails, or that a
// backoff refuses, also uses up its number: the receiver sees that it is missing. A message of a batch that will be sent again does
// not.
type numbered struct {
	*netcore.Emitter
	last   int64 // number of the last message
	frame  []byte
	frames base.Frames
}

const (
	// maxSequence is the last number. The next is 1 again.
	maxSequence = 1<<31 - 1
	// maxSequenceSize is the length of the longest number, in bytes.
	maxSequenceSize = 10
)

var (
	_ base.BatchEmitter = (*numbered)(nil)
	_ base.Skipper      = (*numbered)(nil)
)

// Emit implements base.Emitter.
func (n *numbered) Emit(ent zapcore.Entry, frame []byte) error {
	n.Skip()
	n.frame = appendNumbered(n.frame[:0], frame, n.last)
	return n.Emitter.Emit(ent, n.frame)
}

// EmitBatch implements base.BatchEmitter.
func (n *numbered) EmitBatch(batch *base.Batch, frames *base.Frames) (int, error) {
	n.frames.Reset()
	number := n.last
	for i := range frames.Len() {
		number = after(number)
		n.frame = appendNumbered(n.frame[:0], frames.At(i), number)
		n.frames.Add(n.frame)
	}
	done, err := n.Emitter.EmitBatch(batch, &n.frames)
	for range done {
		n.Skip()
	}
	return done, err
}

// Skip implements base.Skipper: it uses up a number.
func (n *numbered) Skip() { n.last = after(n.last) }

func after(number int64) int64 { return number%maxSequence + 1 }

// appendNumbered appends message with number in the empty place at the beginning of the structured data, behind the six spaces of the
// header.
func appendNumbered(dst, message []byte, number int64) []byte {
	at := 0
	for range 6 {
		at += bytes.IndexByte(message[at:], ' ') + 1
	}
	at += len(sequenceStart)
	dst = append(dst, message[:at]...)
	dst = strconv.AppendInt(dst, number, 10)
	return append(dst, message[at:]...)
}
