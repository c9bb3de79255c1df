package backups

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Layouts are the forms a date has in the names of backups, of any Schedule there is: those of Python's TimedRotatingFileHandler.
// They sort as the times do.
var Layouts = []string{"2006-01-02_15-04-05", "2006-01-02_15-04", "2006-01-02_15", "2006-01-02"}

// Dates says how backups that are named for a time are called.
type Dates struct {
	// Layout is what is behind the log's name and a dot, as in package time: one of Layouts. Required.
	Layout string

	// Location has the clock that the names go by. Defaults to nil: time.Local.
	Location *time.Location

	// Starts returns the times that a backup which was last written to at modified may be named for. It is asked about files
	// whose names show no date. Defaults to nil: modified itself.
	Starts func(modified time.Time) []time.Time
}

func (d *Dates) label(at time.Time) string {
	loc := d.Location
	if loc == nil {
		loc = time.Local
	}
	return at.In(loc).Format(d.Layout)
}

// labelAt reads a date of one of our layouts at the beginning of s.
func labelAt(s string) (label string, ok bool) {
	for _, layout := range Layouts {
		if fits(s, layout) {
			return s[:len(layout)], true
		}
	}
	return "", false
}

// fits reports whether s begins as layout does, and has no digit more.
func fits(s, layout string) bool {
	if len(s) < len(layout) || len(s) > len(layout) && digit(s[len(layout)]) {
		return false
	}
	for k := range len(layout) {
		if digit(layout[k]) != digit(s[k]) || !digit(s[k]) && layout[k] != s[k] {
			return false
		}
	}
	return true
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

var anyDigits = regexp.MustCompile(`\d+`)

// digitRuns returns the digits in the last part of a path, each run of them.
func digitRuns(path string) []string {
	return anyDigits.FindAllString(path[strings.LastIndexAny(path, `/\`)+1:], -1)
}

// written are the ways in which people write dates: the year first or last, in two digits or four, with anything between that is
// no digit, or nothing, and perhaps a time behind.
var written = []*regexp.Regexp{
	regexp.MustCompile(`(?P<y>\d{4})\D?(?P<m>\d{2})\D?(?P<d>\d{2})(?:\D?(?P<H>\d{2})(?:\D?(?P<M>\d{2})(?:\D?(?P<S>\d{2}))?)?)?`),
	regexp.MustCompile(`(?P<d>\d{2})\D?(?P<m>\d{2})\D?(?P<y>\d{4})(?:\D?(?P<H>\d{2})(?:\D?(?P<M>\d{2})(?:\D?(?P<S>\d{2}))?)?)?`),
	regexp.MustCompile(`(?P<m>\d{2})\D?(?P<d>\d{2})\D?(?P<y>\d{4})(?:\D?(?P<H>\d{2})(?:\D?(?P<M>\d{2})(?:\D?(?P<S>\d{2}))?)?)?`),
	regexp.MustCompile(`(?P<y>\d{2})\D?(?P<m>\d{2})\D?(?P<d>\d{2})(?:\D?(?P<H>\d{2})(?:\D?(?P<M>\d{2})(?:\D?(?P<S>\d{2}))?)?)?`),
	regexp.MustCompile(`(?P<y>\d{4})\D?(?P<m>\d{2})`),
}

// labelsIn returns the dates, in every layout, that somebody may have written into a name in a way of his own.
func labelsIn(name string) (labels []string) {
	for _, way := range written {
		for _, found := range way.FindAllStringSubmatch(name, 4) {
			part := map[string]string{"d": "01", "H": "00", "M": "00", "S": "00"}
			for i, key := range way.SubexpNames() {
				if key != "" && found[i] != "" {
					part[key] = found[i]
				}
			}
			if len(part["y"]) == 2 {
				part["y"] = "20" + part["y"]
			}
			at, err := time.Parse(Layouts[0], fmt.Sprintf("%s-%s-%s_%s-%s-%s", part["y"], part["m"], part["d"], part["H"], part["M"], part["S"]))
			if err != nil {
				continue
			}
			for _, layout := range Layouts {
				labels = append(labels, at.Format(layout))
			}
		}
	}
	return labels
}
