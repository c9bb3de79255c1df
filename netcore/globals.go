package netcore

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"time"
)

// construct makes what a call of a global would make, where that is plain data of Python's standard library; of anything else
// only the name remains. It runs no code but its own, and what it may copy of args is charged first: a pickle can make the same
// call of the same arguments again and again, for five bytes each.
func (u *unpickler) construct(callable any, args []any) (any, error) {
	for _, arg := range args {
		if err := u.charge(weight(arg)); err != nil {
			return nil, err
		}
	}
	g, ok := callable.(*global)
	if !ok {
		if o, ok := callable.(*instance); ok {
			return o, nil // a call of what a call made: the name of the first remains
		}
		return nil, errors.New("pickle calls what cannot be called")
	}
	if build := builders[*g]; build != nil {
		if v, err := build(args); err == nil {
			return v, nil
		}
	}
	return &instance{class: *g}, nil
}

// weight is how much there is to copy of v, in values; sixteen bytes count as one.
func weight(v any) int {
	switch v := v.(type) {
	case *list:
		return len(v.items)
	case *dict:
		return len(v.items)
	case text:
		return len(*v) / 16
	case []byte:
		return len(v) / 16
	}
	return 0
}

// errArguments makes construct fall back to the name.
var errArguments = errors.New("pickle calls a known class with other arguments")

// builders are the globals that are known. Python 2 and protocols below 3 say __builtin__ and copy_reg.
var builders = map[global]func(args []any) (any, error){
	{"_codecs", "encode"}:          buildEncoded,
	{"__builtin__", "bytes"}:       buildBytes,
	{"builtins", "bytes"}:          buildBytes,
	{"__builtin__", "bytearray"}:   buildBytes,
	{"builtins", "bytearray"}:      buildBytes,
	{"__builtin__", "set"}:         buildList,
	{"builtins", "set"}:            buildList,
	{"__builtin__", "frozenset"}:   buildList,
	{"builtins", "frozenset"}:      buildList,
	{"__builtin__", "list"}:        buildList,
	{"builtins", "list"}:           buildList,
	{"__builtin__", "tuple"}:       buildList,
	{"builtins", "tuple"}:          buildList,
	{"__builtin__", "dict"}:        buildDict,
	{"builtins", "dict"}:           buildDict,
	{"collections", "OrderedDict"}: buildDict,
	{"__builtin__", "complex"}:     buildComplex,
	{"builtins", "complex"}:        buildComplex,
	{"datetime", "datetime"}:       buildDatetime,
	{"datetime", "date"}:           buildDate,
	{"datetime", "time"}:           buildTime,
	{"datetime", "timedelta"}:      buildTimedelta,
	{"datetime", "timezone"}:       buildTimezone,
	{"decimal", "Decimal"}:         buildDecimal,
	{"_decimal", "Decimal"}:        buildDecimal,
	{"copy_reg", "_reconstructor"}: buildReconstructed,
	{"copyreg", "_reconstructor"}:  buildReconstructed,
	{"copyreg", "__newobj__"}:      buildReconstructed,
	{"copy_reg", "__newobj__"}:     buildReconstructed,
}

// argument returns args[i] if it is a T.
func argument[T any](args []any, i int) (v T, ok bool) {
	if i < len(args) {
		v, ok = args[i].(T)
	}
	return v, ok
}

// pointed returns what args[i] points to if it is a *T.
func pointed[T any](args []any, i int) (v T, ok bool) {
	p, ok := argument[*T](args, i)
	if ok {
		v = *p
	}
	return v, ok
}

// buildEncoded is how protocols below 3 write bytes: each as a character, to be encoded as Latin-1.
func buildEncoded(args []any) (any, error) {
	chars, ok := pointed[string](args, 0)
	encoding, named := pointed[string](args, 1)
	if !ok || named && encoding != "latin1" && encoding != "latin-1" {
		return nil, errArguments
	}
	return latin1(chars)
}

func latin1(chars string) ([]byte, error) {
	b := make([]byte, 0, len(chars))
	for _, r := range chars {
		if r > math.MaxUint8 {
			return nil, errArguments
		}
		b = append(b, byte(r))
	}
	return b, nil
}

func buildBytes(args []any) (any, error) {
	if len(args) == 0 {
		return []byte{}, nil
	}
	if b, ok := argument[[]byte](args, 0); ok {
		return b, nil
	}
	return buildEncoded(args)
}

// buildList is list, tuple, set and frozenset of one list.
func buildList(args []any) (any, error) {
	if len(args) == 0 {
		return new(list), nil
	}
	items, ok := argument[*list](args, 0)
	if !ok {
		return nil, errArguments
	}
	return &list{items: append([]any(nil), items.items...)}, nil
}

// buildDict is OrderedDict of nothing, of a dict, or of a list of pairs as Python 2 has it.
func buildDict(args []any) (any, error) {
	d := new(dict)
	if len(args) == 0 {
		return d, nil
	}
	if other, ok := argument[*dict](args, 0); ok {
		d.items = append(d.items, other.items...)
		return d, nil
	}
	pairs, ok := argument[*list](args, 0)
	if !ok {
		return nil, errArguments
	}
	for _, pair := range pairs.items {
		if p, ok := pair.(*list); ok && len(p.items) == 2 {
			d.items = append(d.items, p.items...)
		}
	}
	return d, nil
}

func buildComplex(args []any) (any, error) {
	re, ok := pointed[float64](args, 0)
	im, ok2 := pointed[float64](args, 1)
	if !ok || !ok2 {
		return nil, errArguments
	}
	return complex(re, im), nil
}

// state returns the packed fields of a datetime, date or time, n bytes long.
func state(args []any, n int) ([]byte, error) {
	b, ok := argument[[]byte](args, 0)
	if s, isText := pointed[string](args, 0); isText { // Python 2
		b, ok = []byte(s), true
	}
	if !ok || len(b) != n {
		return nil, errArguments
	}
	return b, nil
}

const fold = 0x80 // the repeated hour of a change from summer time, in the month or hour

// buildDatetime makes a time.Time of an aware datetime. A naive one names no instant: it becomes the text that Python's isoformat
// makes of it.
func buildDatetime(args []any) (any, error) {
	b, err := state(args, 10)
	if err != nil {
		return nil, err
	}
	zone := time.UTC
	aware := false
	if len(args) > 1 && args[1] != nil {
		if zone, aware = args[1].(*time.Location); !aware {
			return nil, errArguments
		}
	}
	micro := int(b[7])<<16 | int(b[8])<<8 | int(b[9])
	t := time.Date(int(b[0])<<8|int(b[1]), time.Month(b[2]&^fold), int(b[3]), int(b[4]), int(b[5]), int(b[6]), micro*1000, zone)
	if aware {
		return t, nil
	}
	return newText(isoFormat(t, "2006-01-02T15:04:05")), nil
}

func newText(s string) text { return &s }

func isoFormat(t time.Time, layout string) string {
	if t.Nanosecond() != 0 {
		layout += ".000000"
	}
	return t.Format(layout)
}

func buildDate(args []any) (any, error) {
	b, err := state(args, 4)
	if err != nil {
		return nil, err
	}
	return newText(fmt.Sprintf("%04d-%02d-%02d", int(b[0])<<8|int(b[1]), b[2], b[3])), nil
}

func buildTime(args []any) (any, error) {
	b, err := state(args, 6)
	if err != nil {
		return nil, err
	}
	micro := int(b[3])<<16 | int(b[4])<<8 | int(b[5])
	t := time.Date(1, 1, 1, int(b[0]&^fold), int(b[1]), int(b[2]), micro*1000, time.UTC)
	iso := isoFormat(t, "15:04:05")
	if zone, ok := argument[*time.Location](args, 1); ok {
		iso += time.Date(1, 1, 1, 0, 0, 0, 0, zone).Format("-07:00")
	}
	return newText(iso), nil
}

// buildTimedelta makes a Duration, or of more than 292 years a text.
func buildTimedelta(args []any) (any, error) {
	days, ok := pointed[int64](args, 0)
	seconds, ok2 := pointed[int64](args, 1)
	micro, ok3 := pointed[int64](args, 2)
	const most = 106751 // days in an int64 of nanoseconds
	switch {
	case !ok || !ok2 || !ok3 || seconds < 0 || seconds >= 86400 || micro < 0 || micro >= 1e6:
		return nil, errArguments
	case days >= most || days <= -most:
		return newText(fmt.Sprintf("%d days, %v", days, time.Duration(seconds)*time.Second+time.Duration(micro)*time.Microsecond)), nil
	}
	return time.Duration(days)*24*time.Hour + time.Duration(seconds)*time.Second + time.Duration(micro)*time.Microsecond, nil
}

func buildTimezone(args []any) (any, error) {
	offset, ok := argument[time.Duration](args, 0)
	if !ok || offset <= -24*time.Hour || offset >= 24*time.Hour {
		return nil, errArguments
	}
	name, _ := pointed[string](args, 1)
	if offset == 0 && (name == "" || name == "UTC") {
		return time.UTC, nil
	}
	return time.FixedZone(clean(name), int(offset/time.Second)), nil
}

// buildDecimal keeps the digits as they are.
func buildDecimal(args []any) (any, error) {
	s, ok := pointed[string](args, 0)
	switch {
	case !ok || len(s) > maxDigits10:
		return nil, errArguments
	case json.Valid([]byte(s)) && s != "null" && s != "true" && s != "false" && s[0] != '"' && s[0] != '[' && s[0] != '{':
		return number(s), nil
	}
	return newText(s), nil // NaN, Infinity, 1E+3 and such
}

// buildReconstructed makes an object without its state, which BUILD may bring.
func buildReconstructed(args []any) (any, error) {
	class, ok := pointed[global](args, 0)
	if !ok {
		return nil, errArguments
	}
	return &instance{class: class}, nil
}

// build gives an object its state. Of all classes only UUID's is known: one integer.
func (o *instance) build(state any) {
	d, ok := state.(*dict)
	if !ok || o.class != (global{"uuid", "UUID"}) {
		return
	}
	for i := 0; i < len(d.items); i += 2 {
		if key, ok := d.items[i].(text); ok && *key == "int" {
			if b, ok := bits(d.items[i+1]); ok {
				o.uuid = fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
			}
		}
	}
}

// bits returns a number as 128 bits.
func bits(v any) (b [16]byte, ok bool) {
	n, ok := v.(*big.Int)
	if small, isSmall := v.(integer); isSmall {
		n, ok = big.NewInt(*small), true
	}
	if !ok || n.Sign() < 0 || n.BitLen() > 128 {
		return b, false
	}
	n.FillBytes(b[:])
	return b, true
}
