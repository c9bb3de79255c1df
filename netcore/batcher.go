package netcore

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// batcher makes records of frames and hands them to Target: all that arrived together in one batch. It is for one goroutine.
type batcher struct {
	server       *Server
	pickles      logRecordReader
	record       base.Record
	batch        base.Batch
	numbers      []uint64 // of the frames in batch
	tapes        []byte   // backs the records that do not lie in the connection's buffer
	firstUntaken uint64   // see deliver
}

func newBatcher(s *Server) batcher {
	return batcher{server: s, pickles: logRecordReader{limit: s.cfg.MaxFrame}}
}

// add makes a record of frame and adds it to the batch. The frame must not change before deliver. An error says why it is no record.
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

// take adds a record to the batch, if Target's level admits it.
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

// wants reports whether Target's level admits a record. If Enabled panics, as that of a zap.AtomicLevel's zero value does, the answer
// is unknown, and the record goes to Target.
func (b *batcher) wants(level zapcore.Level) (wanted bool) {
	defer func() {
		if p := recover(); p != nil {
			wanted = true
			b.server.reportTarget("target: Enabled", &base.PanicError{Value: p})
		}
	}()
	return b.server.cfg.Target.Enabled(level)
}

// keepTapes is the largest buffer that a connection keeps, in bytes.
const keepTapes = 1 << 20

// full reports whether it is time to deliver: small frames can make large records.
func (b *batcher) full() bool { return len(b.tapes) >= keepTapes }

// deliver hands the batch to Target and empties it. If the sender holds its frames until they are confirmed, firstUntaken becomes the
// number of the first frame that Target did not take; 0 if there is none. A batch during which Target ends the goroutine is lost.
func (b *batcher) deliver(holds bool) (err error) {
	b.firstUntaken = 0
	if b.batch.Len() == 0 {
		return nil
	}
	defer b.empty()
	done, lost, skipped, err := b.batch.Len(), b.batch.Len(), 0, errExited // these count if handOver does not return
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
	done, lost, skipped, err = b.handOver()
	rest := b.batch.Len() - done
	if rest > 0 && holds {
		b.firstUntaken = b.numbers[done]
	} else {
		lost, done = lost+rest, b.batch.Len()
	}
	return err
}

var errExited = errors.New("it has ended the goroutine (runtime.Goexit)")

// empty clears the batch.
func (b *batcher) empty() {
	b.batch.Reset()
	b.numbers = b.numbers[:0]
	if b.tapes = b.tapes[:0]; cap(b.tapes) > keepTapes {
		b.tapes = nil
	}
}

// handOver gives the batch to Target. It returns how many records are done, how many of these were lost, and how many Target did not
// want. If Target panics, the whole batch is done, and lost except for what was skipped.
func (b *batcher) handOver() (done, lost, skipped int, err error) {
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
			lost += len(again.Indexes) // a Server cannot hold a record from the middle: that is a queue's work
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
