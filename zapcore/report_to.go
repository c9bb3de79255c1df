package zapcore

import (
	"bytes"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"
)

// ReportTo returns a WriteSyncer for zap.ErrorOutput that writes to ws, each error once. zap writes a line for each
// failed Write: if the destination is down, one for each record. A line that differs from the last only in numbers (its
// time, a local port) is counted instead, and the count is written before the next line that differs. It is safe for
// concurrent use.
func ReportTo(ws zapcore.WriteSyncer) zapcore.WriteSyncer { return &deduplicator{ws: ws} }

type deduplicator struct {
	ws zapcore.WriteSyncer

	mu       sync.Mutex // guards the fields below, and ws
	last     []byte     // the last line without its time
	key      string     // last without its numbers
	repeated int        // how often the line came again
}

var writeError = []byte(" write error: ")

func (d *deduplicator) Write(line []byte) (int, error) {
	text := line
	if i := bytes.Index(line, writeError); i >= 0 {
		text = line[i:]
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isLastLocked(text) {
		d.repeated++
		return len(line), nil
	}
	if err := d.tellLocked(); err != nil {
		return 0, err
	}
	n, err := d.ws.Write(line)
	if err != nil { // when it comes again it is written again
		d.last = d.last[:0]
		return n, err
	}
	d.last, d.key = append(d.last[:0], text...), withoutNumbers(string(text))
	return n, nil
}

func (d *deduplicator) isLastLocked(text []byte) bool {
	return len(d.last) > 0 && (bytes.Equal(text, d.last) || withoutNumbers(string(text)) == d.key)
}

func (d *deduplicator) tellLocked() error {
	if d.repeated == 0 {
		return nil
	}
	_, err := fmt.Fprintf(d.ws, "%v the last error came %s\n", time.Now(), count(uint64(d.repeated), "more time", "more times"))
	if err == nil {
		d.repeated = 0
	}
	return err
}

// Sync syncs ws. It does not write the count, for zap calls it after each line.
func (d *deduplicator) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ws.Sync()
}
