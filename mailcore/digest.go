package mailcore

import (
	"math"
	"strconv"
	"time"

	"go.uber.org/zap/zapcore"
)

// digest is the content of one mail: the text of its records and, if there are more than one, what is true of all of them. The
// zero value is empty.
type digest struct {
	records     uint64
	unkept      uint64 // of them, are counted and not in text
	levels      [256]uint64
	first, last time.Time
	worst       zapcore.Level // the highest of all
	subject     []byte        // of the first record of that level
	text        []byte        // of the records, end to end; each ends with a line feed

	scratch []byte // owned by preface and subjectLine
}

// add adds a record. Text that would make all of it longer than room is counted instead.
func (d *digest) add(level zapcore.Level, at time.Time, text, subject []byte, room int) {
	if d.records == 0 || level > d.worst {
		d.worst = level
		d.subject = append(d.subject[:0], subject...)
	}
	if d.records == 0 || at.Before(d.first) {
		d.first = at
	}
	if d.records == 0 || at.After(d.last) {
		d.last = at
	}
	d.records++
	d.levels[uint8(level)]++
	if len(text) >= room-len(d.text) {
		d.unkept++
		return
	}
	d.text = append(d.text, text...)
	if len(text) == 0 || text[len(text)-1] != '\n' {
		d.text = append(d.text, '\n')
	}
}

// countOnly gives up the text: what is left fits everywhere.
func (d *digest) countOnly() {
	d.unkept = d.records
	d.text = d.text[:0]
}

// everythingFits is the room of a digest that keeps all.
const everythingFits = math.MaxInt

// keepText is the largest text, in bytes, whose memory an emptied digest keeps.
const keepText = 64 << 10

// reset empties d.
func (d *digest) reset() {
	text, subject, scratch := d.text[:0], d.subject[:0], d.scratch
	if cap(text) > keepText {
		text = nil
	}
	*d = digest{text: text, subject: subject, scratch: scratch}
}

// subjectLine returns the subject, with the number of records if there are more than one.
func (d *digest) subjectLine() []byte {
	if d.records == 1 {
		return d.subject
	}
	b := append(d.scratch[:0], cutAtRune(d.subject, maxSubject/2)...)
	b = strconv.AppendUint(append(b, " ("...), d.records, 10)
	d.scratch = append(b, " records)"...)
	return d.scratch
}

// prefaceTime shows milliseconds and the zone.
const prefaceTime = "2006-01-02 15:04:05.000 -0700"

// preface returns what stands above the records of a digest; nothing, above a single one:
//
//	10000 records (1 fatal, 9999 error), from 2026-11-22 10:11:12.000 +0000 to 2026-11-22 10:11:13.000 +0000.
//	8000 more suppressed: they are counted above, and not shown.
func (d *digest) preface() []byte {
	if d.records == 1 && d.unkept == 0 {
		return nil
	}
	b := strconv.AppendUint(d.scratch[:0], d.records, 10)
	b = append(b, " record"...)
	if d.records != 1 {
		b = append(b, 's')
	}
	b = append(b, " ("...)
	separator := ""
	for level := math.MaxInt8; level >= math.MinInt8; level-- {
		if n := d.levels[uint8(int8(level))]; n > 0 {
			b = strconv.AppendUint(append(b, separator...), n, 10)
			b = append(append(b, ' '), zapcore.Level(level).String()...)
			separator = ", "
		}
	}
	b = d.first.AppendFormat(append(b, "), from "...), prefaceTime)
	b = d.last.AppendFormat(append(b, " to "...), prefaceTime)
	b = append(b, ".\n"...)
	if d.unkept > 0 {
		b = strconv.AppendUint(b, d.unkept, 10)
		b = append(b, " more suppressed: they are counted above, and not shown.\n"...)
	}
	d.scratch = append(b, '\n')
	return d.scratch
}
