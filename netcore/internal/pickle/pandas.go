package pickle

import (
	"math"
	"time"
)

// pandasUnits are the units of pandas' Timestamp and Timedelta, by NumPy's numbers.
var pandasUnits = map[int64]time.Duration{7: time.Second, 8: time.Millisecond, 9: time.Microsecond, 10: time.Nanosecond}

// pandasUnit returns the unit with the number args[i]. Without one it is the nanosecond: pandas 1 had no other.
func pandasUnit(args []any, i int) (time.Duration, bool) {
	number, ok := pointed[int64](args, i)
	if !ok {
		return time.Nanosecond, i >= len(args)
	}
	unit, ok := pandasUnits[number]
	return unit, ok
}

// buildTimestamp makes an instant of a count of units since 1970, a frequency, a zone and the unit. Without a zone it is a text, as
// for datetime.
func buildTimestamp(args []any) (any, error) {
	value, ok := pointed[int64](args, 0)
	unit, ok2 := pandasUnit(args, 3)
	if !ok || !ok2 {
		return nil, errArguments
	}
	per := int64(time.Second / unit)
	at := time.Unix(value/per, value%per*int64(unit)).UTC()
	if at.Year() < 1 || at.Year() > 9999 {
		return nil, errArguments
	}
	if z := zoneOf(args, 2); z != nil && z.loc != nil {
		return at.In(z.loc), nil
	} else if z != nil { // the instant is known, the zone is not
		return at, nil
	}
	layout := "2006-01-02T15:04:05"
	if at.Nanosecond()%1000 != 0 {
		return newText(at.Format(layout + ".000000000")), nil
	}
	return newText(isoFormat(at, layout)), nil
}

// buildPandasTimedelta makes a duration of a count of units and the unit.
func buildPandasTimedelta(args []any) (any, error) {
	value, ok := pointed[int64](args, 0)
	unit, ok2 := pandasUnit(args, 1)
	if !ok || !ok2 || value > math.MaxInt64/int64(unit) || value < math.MinInt64/int64(unit) {
		return nil, errArguments
	}
	return time.Duration(value) * unit, nil
}
