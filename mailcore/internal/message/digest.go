package message

import (
	"hash/maphash"
	"math"
	"strconv"
	"time"

	"go.uber.org/zap/zapcore"
)

// Digest is the content of a mail: the text of its records and, if there is more than one, a summary of them. The zero value is
// empty.
type Digest struct {
	Records     uint64
	Omitted     uint64 // of Records, those that are counted and not in text
	levels      [256]uint64
	first, last time.Time     // zero if no record has a time
	worst       zapcore.Level // the highest of all
	subject     []byte        // of the first record with that level
	text        []byte        // of the records, concatenated; each ends with a line feed

	// Divisible keeps what Halve needs for each record.
	Divisible bool
	shown     []shown // the records in text, if Divisible
	subjects  []byte  // their subjects, concatenated

	scratch []byte // used by preface and subjectLine
}

// shown is a record in the text of a Divisible Digest.
type shown struct {
	level               zapcore.Level
	at                  time.Time
	textEnd, subjectEnd int
}

// Add adds a record. If its text would make the whole text longer than room, the record is only counted.
func (d *Digest) Add(level zapcore.Level, at time.Time, text, subject []byte, room int) {
	if d.Records == 0 || level > d.worst {
		d.worst = level
		d.subject = append(d.subject[:0], subject...)
	}
	d.span(at, at)
	d.Records++
	d.levels[uint8(level)]++
	if len(text) >= room-len(d.text) {
		d.Omitted++
		return
	}
	d.text = append(d.text, text...)
	if len(text) == 0 || text[len(text)-1] != '\n' {
		d.text = append(d.text, '\n')
	}
	if d.Divisible {
		d.subjects = append(d.subjects, subject...)
		d.shown = append(d.shown, shown{level, at, len(d.text), len(d.subjects)})
	}
}

// span extends the time span by that of some records. A record without a time does not count.
func (d *Digest) span(first, last time.Time) {
	if first.IsZero() {
		return
	}
	if d.first.IsZero() || first.Before(d.first) {
		d.first = first
	}
	if d.last.IsZero() || last.After(d.last) {
		d.last = last
	}
}

// AddAll adds the records of other, whose text must fit.
func (d *Digest) AddAll(other *Digest) {
	if other.Records == 0 {
		return
	}
	if d.Records == 0 || other.worst > d.worst {
		d.worst = other.worst
		d.subject = append(d.subject[:0], other.subject...)
	}
	d.span(other.first, other.last)
	d.Records += other.Records
	d.Omitted += other.Omitted
	for level, n := range other.levels {
		d.levels[level] += n
	}
	for _, r := range other.shown {
		r.textEnd += len(d.text)
		r.subjectEnd += len(d.subjects)
		d.shown = append(d.shown, r)
	}
	d.text = append(d.text, other.text...)
	d.subjects = append(d.subjects, other.subjects...)
}

// Divides reports whether Halve can divide a Divisible d: it has more than one record that is shown, or one and some that are only
// counted.
func (d *Digest) Divides() bool { return len(d.shown) > 1 || len(d.shown) == 1 && d.Omitted > 0 }

// Halve keeps the first half of the shown records in d, and returns a Digest of the others, including those that are only counted.
func (d *Digest) Halve() *Digest {
	first, second := &Digest{Divisible: true}, &Digest{Divisible: true}
	counted := d.levels
	half, text, subject := first, 0, 0
	for i, r := range d.shown {
		if i == (len(d.shown)+1)/2 {
			half = second
		}
		half.Add(r.level, r.at, d.text[text:r.textEnd], d.subjects[subject:r.subjectEnd], EverythingFits)
		text, subject = r.textEnd, r.subjectEnd
		counted[uint8(r.level)]--
	}
	if d.Omitted > 0 {
		omitted := Digest{Records: d.Omitted, Omitted: d.Omitted, levels: counted, first: d.first, last: d.last, subject: d.subject, worst: math.MinInt8}
		for level := math.MinInt8; level <= math.MaxInt8; level++ {
			if counted[uint8(int8(level))] > 0 {
				omitted.worst = zapcore.Level(level)
			}
		}
		second.AddAll(&omitted)
	}
	*d = *first
	return second
}

// Size returns the size of the text, in bytes.
func (d *Digest) Size() int { return len(d.text) }

var sumSeed = maphash.MakeSeed()

// Sum returns a hash of the records: the same for the same records, and within this process different for others.
func (d *Digest) Sum() uint64 {
	var h maphash.Hash
	h.SetSeed(sumSeed)
	maphash.WriteComparable(&h, [...]uint64{d.Records, d.Omitted, uint64(d.worst)})
	for _, n := range d.levels {
		maphash.WriteComparable(&h, n)
	}
	for _, at := range [...]time.Time{d.first, d.last} {
		maphash.WriteComparable(&h, [...]int64{at.Unix(), int64(at.Nanosecond())})
	}
	maphash.WriteComparable(&h, len(d.subject))
	_, _ = h.Write(d.subject) // never fails
	_, _ = h.Write(d.text)
	return h.Sum64()
}

// CountOnly discards the text, so that the mail fits everywhere.
func (d *Digest) CountOnly() {
	d.Omitted = d.Records
	d.text, d.shown, d.subjects = d.text[:0], d.shown[:0], d.subjects[:0]
}

// EverythingFits is the room for Add without a limit.
const EverythingFits = math.MaxInt

// keepText is the largest text whose memory an emptied Digest keeps, in bytes.
const keepText = 64 << 10

// keepShown is the same for shown, in records.
const keepShown = 1 << 10

// Reset empties d.
func (d *Digest) Reset() {
	text, subject, scratch := d.text[:0], d.subject[:0], d.scratch
	shown, subjects := d.shown[:0], d.subjects[:0]
	if cap(text) > keepText {
		text, subjects = nil, nil
	}
	if cap(shown) > keepShown {
		shown = nil
	}
	*d = Digest{text: text, subject: subject, scratch: scratch, Divisible: d.Divisible, shown: shown, subjects: subjects}
}

// subjectLine returns the subject, with the number of records if there is more than one.
func (d *Digest) subjectLine() []byte {
	if d.Records == 1 {
		return d.subject
	}
	b := append(d.scratch[:0], cutAtRune(d.subject, maxSubject/2)...)
	b = strconv.AppendUint(append(b, " ("...), d.Records, 10)
	d.scratch = append(b, " records)"...)
	return d.scratch
}

// prefaceTime is the format of times in the preface.
const prefaceTime = "2006-01-02 15:04:05.000 -0700"

// preface returns the text above the records of a Digest, or nothing for a single record:
//
//	10000 records (1 fatal, 9999 error), from 2026-11-22 10:11:12.000 +0000 to 2026-11-22 10:11:13.000 +0000.
//	8000 more suppressed: they are counted above, and not shown.
func (d *Digest) preface() []byte {
	if d.Records == 1 && d.Omitted == 0 {
		return nil
	}
	b := strconv.AppendUint(d.scratch[:0], d.Records, 10)
	b = append(b, " record"...)
	if d.Records != 1 {
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
	b = append(b, ')')
	if !d.first.IsZero() {
		b = d.first.AppendFormat(append(b, ", from "...), prefaceTime)
		b = d.last.AppendFormat(append(b, " to "...), prefaceTime)
	}
	b = append(b, ".\n"...)
	if d.Omitted > 0 {
		b = strconv.AppendUint(b, d.Omitted, 10)
		b = append(b, " more suppressed: they are counted above, and not shown.\n"...)
	}
	d.scratch = append(b, '\n')
	return d.scratch
}
