package zapcore

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"
)

// Reporter tells the user what no caller waits for, and tells it once: an error that repeats is counted, and when things
// work again one line says how many records it cost. It calls the user's function under no lock and survives its panics, so the
// function may log, even to the core that failed. It is safe for concurrent use.
type Reporter struct {
	name    string
	onError func(error)

	mu   sync.Mutex // guards the fields below
	last string     // the error that was said; "" when things work
	lost uint64     // records it has cost
}

// NewReporter returns a Reporter for the package of that name. A nil onError prints to stderr in the form that zap uses.
func NewReporter(name string, onError func(error)) *Reporter {
	if onError == nil {
		onError = printError
	}
	return &Reporter{name: name, onError: onError}
}

func printError(err error) {
	fmt.Fprintf(os.Stderr, "%v write error: %v\n", time.Now(), err)
}

// Failed reports err, which cost that many records. The same error again is only counted.
func (r *Reporter) Failed(err error, records int) {
	text := trouble(err).Error()
	r.mu.Lock()
	r.lost += uint64(records)
	news := text != r.last
	r.last = text
	r.mu.Unlock()
	if news {
		r.say(err)
	}
}

// trouble returns what is behind err: to be told to wait because of an error is that error again.
func trouble(err error) error {
	for {
		switch e := err.(type) {
		case *backoffError:
			err = e.err
		case *RetryError:
			if e.Err == nil {
				return err
			}
			err = e.Err
		default:
			return err
		}
	}
}

// Recovered reports that things work again and what the failure cost. It does nothing if nothing had failed.
func (r *Reporter) Recovered() {
	r.mu.Lock()
	last, lost := r.last, r.lost
	r.last, r.lost = "", 0
	r.mu.Unlock()
	if last != "" {
		r.say(&RecoveredError{Records: lost, name: r.name})
	}
}

func (r *Reporter) say(err error) {
	defer func() {
		if p := recover(); p != nil {
			printError(fmt.Errorf("%s: OnError panicked: %v, on: %w", r.name, p, err))
		}
	}()
	r.onError(err)
}

// RecoveredError is what OnError gets when a failure is over.
type RecoveredError struct {
	Records uint64 // lost while it lasted

	name string
}

// Error implements error.
func (e *RecoveredError) Error() string {
	return fmt.Sprintf("%s: working again, %d records were lost", e.name, e.Records)
}

// ReportTo returns a WriteSyncer for zap.ErrorOutput that writes to ws and says each error once: zap writes a line for each
// failed Write, which for a destination that is down means a line a record. A line that differs from the last only in its
// time is counted instead, and the count is written before the next line that differs. It is safe for concurrent use.
func ReportTo(ws zapcore.WriteSyncer) zapcore.WriteSyncer { return &deduplicator{ws: ws} }

type deduplicator struct {
	ws zapcore.WriteSyncer

	mu       sync.Mutex // guards the fields below, and ws
	last     []byte     // the last line without its time
	repeated int        // how often it came again
}

var writeError = []byte(" write error: ")

func (d *deduplicator) Write(line []byte) (int, error) {
	text := line
	if i := bytes.Index(line, writeError); i >= 0 {
		text = line[i:]
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.last) > 0 && bytes.Equal(text, d.last) {
		d.repeated++
		return len(line), nil
	}
	if err := d.tellLocked(); err != nil {
		return 0, err
	}
	d.last = append(d.last[:0], text...)
	return d.ws.Write(line)
}

func (d *deduplicator) tellLocked() error {
	if d.repeated == 0 {
		return nil
	}
	_, err := fmt.Fprintf(d.ws, "%v the last error came %d more times\n", time.Now(), d.repeated)
	d.repeated = 0
	return err
}

// Sync passes on what was written. It does not tell the count: zap calls it after each line.
func (d *deduplicator) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ws.Sync()
}
