package netcore

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// batcher makes records of frames and hands them to the Target, all that came together at once. It is for one goroutine.
type batcher struct {
	server  *Server
	pickles logRecordReader
	record  base.Record
	batch   base.Batch
	numbers []uint64 // of the frames that the batch was made of
	tapes   []byte   // records that do not lie in the connection's buffer
	pending uint64   // see deliver
}

func newBatcher(s *Server) batcher {
	return batcher{server: s, pickles: logRecordReader{limit: s.cfg.MaxFrame}}
}

// add makes a record of a frame, which must not change before deliver. An error says why that is not possible.
func (b *batcher) add(frame []byte, number uint64, now time.Time) error {
	var err error
	switch b.server.cfg.Format {
	case FormatRecords:
		if err = b.record.Parse(frame); err == nil {
			b.take(b.record.Bytes(), number)
		}
		return err
	case FormatPickle:
		err = b.pickles.read(&b.record, frame, now)
	default:
		line := bytes.TrimSuffix(bytes.TrimSuffix(frame, []byte{'\n'}), []byte{'\r'})
		text := string(bytes.ToValidUTF8(line, []byte("\ufffd")))
		err = b.record.Capture(zapcore.Entry{Time: now, Message: text}, base.Context{}, nil)
	}
	if err != nil {
		return err
	}
	at := len(b.tapes)
	b.tapes = append(b.tapes, b.record.Bytes()...)
	b.take(b.tapes[at:len(b.tapes):len(b.tapes)], number)
	return nil
}

// take puts a record into the batch, if the Target wants it.
func (b *batcher) take(tape []byte, number uint64) {
	if b.server.batches != nil {
		b.record.View(tape)
		if !b.wants(b.record.Level()) {
			b.server.count(func(s *ServerStats) { s.Accepted++; s.Skipped++ })
			return
		}
	}
	b.batch.Add(tape)
	b.numbers = append(b.numbers, number)
}

// wants asks the Target. Where that panics, as a zap.AtomicLevel does that nobody has made, nobody knows.
func (b *batcher) wants(level zapcore.Level) (wanted bool) {
	defer func() {
		if p := recover(); p != nil {
			wanted = true
			b.server.reportTarget("target: Enabled", &base.PanicError{Value: p})
		}
	}()
	return b.server.cfg.Target.Enabled(level)
}

// keepTapes is the largest buffer, in bytes, that stays with a connection.
const keepTapes = 1 << 20

// full tells whether it is time to deliver: small frames can make large records.
func (b *batcher) full() bool { return len(b.tapes) >= keepTapes }

// deliver hands the batch to the Target and empties it. If the holder keeps what is not taken, pending is then the number of the first
// frame that was not; 0 if there is none. A batch at which the Target ends the goroutine is lost.
func (b *batcher) deliver(holds bool) (err error) {
	b.pending = 0
	if b.batch.Len() == 0 {
		return nil
	}
	defer b.empty()
	done, lost, skipped, err := b.batch.Len(), b.batch.Len(), 0, errExited // unless hand returns
	defer func() {
		b.server.count(func(s *ServerStats) {
			s.Accepted += uint64(done)
			s.Delivered += uint64(done - lost - skipped)
			s.Dropped += uint64(lost)
			s.Skipped += uint64(skipped)
		})
		if err != nil {
			b.server.reportTarget("target", err)
		}
	}()
	done, lost, skipped, err = b.hand()
	rest := b.batch.Len() - done
	if rest > 0 && holds {
		b.pending = b.numbers[done]
	} else {
		lost, done = lost+rest, b.batch.Len()
	}
	return err
}

var errExited = errors.New("it has ended the goroutine (runtime.Goexit)")

// empty forgets the batch.
func (b *batcher) empty() {
	b.batch.Reset()
	b.numbers = b.numbers[:0]
	if b.tapes = b.tapes[:0]; cap(b.tapes) > keepTapes {
		b.tapes = nil
	}
}

// hand gives the batch to the Target and returns with how many records it is done, how many of them are lost, and how many it
// did not want. A Target that panics takes nothing.
func (b *batcher) hand() (done, lost, skipped int, err error) {
	defer func() {
		if p := recover(); p != nil {
			done, lost = b.batch.Len(), b.batch.Len()-skipped
			err = fmt.Errorf("panicked: %v", p)
		}
	}()
	if b.server.batches != nil {
		done, err = b.server.batches.WriteBatch(&b.batch)
		var rejected *base.RejectedError
		if errors.As(err, &rejected) {
			lost += len(rejected.Indexes)
		}
		var again *base.RetryError
		if errors.As(err, &again) {
			lost += len(again.Indexes) // nobody here can hold a record from the middle: that is a queue's work
		}
		return done, lost, 0, err
	}
	for i := range b.batch.Len() {
		wanted, writeErr := b.batch.At(i).Deliver(b.server.cfg.Target, false)
		if writeErr != nil {
			lost++
			err = writeErr
		} else if !wanted {
			skipped++
		}
	}
	return b.batch.Len(), lost, skipped, err
}
