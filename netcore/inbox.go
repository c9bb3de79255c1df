package netcore

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// inbox makes records of frames and hands them to the Target, all that came together at once. It is for one goroutine.
type inbox struct {
	server  *Server
	pickles logRecordReader
	record  base.Record
	batch   base.Batch
	numbers []uint64 // of the frames that the batch was made of
	tapes   []byte   // records that do not lie in the connection's buffer
}

func newInbox(s *Server) inbox {
	return inbox{server: s, pickles: logRecordReader{limit: s.cfg.MaxFrame}}
}

// add makes a record of a frame, which must not change before deliver. An error says why that is not possible.
func (in *inbox) add(frame []byte, number uint64, now time.Time) error {
	var err error
	switch in.server.cfg.Format {
	case FormatRecords:
		if err = in.record.Parse(frame); err == nil {
			in.take(in.record.Bytes(), number)
		}
		return err
	case FormatPickle:
		err = in.pickles.read(&in.record, frame, now)
	default:
		text := string(bytes.ToValidUTF8(bytes.TrimSuffix(frame, []byte{'\r'}), []byte("\ufffd")))
		err = in.record.Capture(zapcore.Entry{Time: now, Message: text}, base.Context{}, nil)
	}
	if err != nil {
		return err
	}
	at := len(in.tapes)
	in.tapes = append(in.tapes, in.record.Bytes()...)
	in.take(in.tapes[at:len(in.tapes):len(in.tapes)], number)
	return nil
}

// take puts a record into the batch, if the Target wants it.
func (in *inbox) take(tape []byte, number uint64) {
	if in.server.batches != nil {
		in.record.View(tape)
		if !in.server.cfg.Target.Enabled(in.record.Level()) {
			in.server.count(func(s *ServerStats) { s.Accepted++; s.Skipped++ })
			return
		}
	}
	in.batch.Add(tape)
	in.numbers = append(in.numbers, number)
}

// keepTapes is the largest buffer, in bytes, that stays with a connection.
const keepTapes = 1 << 20

// full tells whether it is time to deliver: small frames can make large records.
func (in *inbox) full() bool { return len(in.tapes) >= keepTapes }

// deliver hands the batch to the Target and empties it. If the holder keeps what is not taken, pending is the number of the first
// frame that was not; 0 if there is none.
func (in *inbox) deliver(holds bool) (pending uint64, err error) {
	if in.batch.Len() == 0 {
		return 0, nil
	}
	done, lost, skipped, err := in.hand()
	rest := in.batch.Len() - done
	if rest > 0 && holds {
		pending = in.numbers[done]
	} else {
		lost, done = lost+rest, in.batch.Len()
	}
	in.server.count(func(s *ServerStats) {
		s.Accepted += uint64(done)
		s.Delivered += uint64(done - lost - skipped)
		s.Dropped += uint64(lost)
		s.Skipped += uint64(skipped)
	})
	if err != nil {
		in.server.complain(fmt.Errorf("target: %w", err), lost)
	}
	in.batch.Reset()
	in.numbers = in.numbers[:0]
	if in.tapes = in.tapes[:0]; cap(in.tapes) > keepTapes {
		in.tapes = nil
	}
	return pending, err
}

// hand gives the batch to the Target and returns with how many records it is done, how many of them are lost, and how many it
// did not want. A Target that panics takes nothing.
func (in *inbox) hand() (done, lost, skipped int, err error) {
	defer func() {
		if p := recover(); p != nil {
			done, lost = in.batch.Len(), in.batch.Len()-skipped
			err = fmt.Errorf("panicked: %v", p)
		}
	}()
	if in.server.batches != nil {
		done, err = in.server.batches.WriteBatch(&in.batch)
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
	for i := range in.batch.Len() {
		wanted, writeErr := in.batch.At(i).Deliver(in.server.cfg.Target, false)
		if writeErr != nil {
			lost++
			err = writeErr
		} else if !wanted {
			skipped++
		}
	}
	return in.batch.Len(), lost, skipped, err
}

// count changes the counts.
func (s *Server) count(change func(*ServerStats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.stats)
}
