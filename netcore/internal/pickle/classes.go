package pickle

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"strings"
)

// errArguments is the error of a builder for arguments that it does not know.
var errArguments = errors.New("pickle calls a known class with other arguments")

// builders make the value of a call of a known class or function. They run none of the pickle's code, and copy no more than the
// weight of their arguments.
var builders = map[name]func(args []any) (any, error){
	{"_codecs", "encode"}:          buildEncoded,
	{"builtins", "bytes"}:          buildBytes,
	{"builtins", "bytearray"}:      buildBytes,
	{"builtins", "set"}:            buildList,
	{"builtins", "frozenset"}:      buildList,
	{"builtins", "list"}:           buildList,
	{"builtins", "tuple"}:          buildList,
	{"builtins", "dict"}:           buildDict,
	{"builtins", "complex"}:        buildComplex,
	{"builtins", "getattr"}:        buildAttribute,
	{"collections", "OrderedDict"}: buildDict,
	{"collections", "Counter"}:     buildDict,
	{"collections", "defaultdict"}: buildDefaultDict,
	{"collections", "deque"}:       buildList,
	{"datetime", "datetime"}:       buildDatetime,
	{"datetime", "date"}:           buildDate,
	{"datetime", "time"}:           buildTime,
	{"datetime", "timedelta"}:      buildTimedelta,
	{"datetime", "timezone"}:       buildTimezone,
	zoneInfo:                       buildZoneInfo,
	pytzZone:                       buildPytz,
	{"pytz", "FixedOffset"}:        buildPytzOffset,
	{"pytz", "_UTC"}:               buildUTC,
	{"time", "struct_time"}:        buildStructTime,
	{"decimal", "Decimal"}:         buildDecimal,
	{"fractions", "Fraction"}:      buildFraction,
	{"ipaddress", "IPv4Address"}:   buildIPv4,
	{"ipaddress", "IPv6Address"}:   buildIPv6,
	{"pathlib", "Path"}:            buildPath,
	{"pathlib", "PurePath"}:        buildPath,
	{"pathlib", "PosixPath"}:       buildPath,
	{"pathlib", "PurePosixPath"}:   buildPath,
	{"pathlib", "WindowsPath"}:     buildWindowsPath,
	{"pathlib", "PureWindowsPath"}: buildWindowsPath,
	{"array", "array"}:             buildArray,
	packedArray:                    buildPackedArray,

	{"pandas._libs.tslibs.timestamps", "_unpickle_timestamp"}: buildTimestamp,
	{"pandas._libs.tslibs.timedeltas", "_timedelta_unpickle"}: buildPandasTimedelta,
	{"pandas._libs.tslibs.timedeltas", "Timedelta"}:           buildPandasTimedelta,
}

// argument returns args[i] if it is a T.
func argument[T any](args []any, i int) (v T, ok bool) {
	if i < len(args) {
		v, ok = args[i].(T)
	}
	return v, ok
}

// pointed returns *args[i] if args[i] is a *T.
func pointed[T any](args []any, i int) (v T, ok bool) {
	p, ok := argument[*T](args, i)
	if ok {
		v = *p
	}
	return v, ok
}

// buildEncoded makes bytes as protocols below 3 write them: of characters, to be encoded as Latin-1.
func buildEncoded(args []any) (any, error) {
	chars, ok := pointed[string](args, 0)
	encoding, named := pointed[string](args, 1)
	if !ok || named && encoding != "latin1" && encoding != "latin-1" {
		return nil, errArguments
	}
	return latin1(chars)
}

// looksLikeBytearray reports whether an unknown class is called like a subclass of bytearray in protocols below 3.
func looksLikeBytearray(args []any) bool {
	encoding, ok := pointed[string](args, 1)
	return ok && len(args) == 2 && encoding == "latin-1"
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

// buildList makes a list, tuple, set or frozenset of a list. A deque has its maximum length as a second argument.
func buildList(args []any) (any, error) {
	if len(args) == 0 {
		return new(List), nil
	}
	items, ok := argument[*List](args, 0)
	if !ok {
		return nil, errArguments
	}
	return &List{Items: append([]any(nil), items.Items...)}, nil
}

// buildDict makes a dict of nothing, of a dict, or of a list of pairs as in Python 2.
func buildDict(args []any) (any, error) {
	d := new(Dict)
	if len(args) == 0 {
		return d, nil
	}
	if other, ok := argument[*Dict](args, 0); ok {
		d.Items = append(d.Items, other.Items...)
		return d, nil
	}
	pairs, ok := argument[*List](args, 0)
	if !ok {
		return nil, errArguments
	}
	for _, pair := range pairs.Items {
		if p, ok := pair.(*List); ok && len(p.Items) == 2 {
			d.Items = append(d.Items, p.Items...)
		}
	}
	return d, nil
}

// buildDefaultDict makes an empty dict: its argument is the factory, and its items are added later.
func buildDefaultDict([]any) (any, error) { return new(Dict), nil }

func buildComplex(args []any) (any, error) {
	re, ok := pointed[float64](args, 0)
	im, ok2 := pointed[float64](args, 1)
	if !ok || !ok2 {
		return nil, errArguments
	}
	return complex(re, im), nil
}

// buildAttribute names an attribute of a class: a method, or a member of an enum.
func buildAttribute(args []any) (any, error) {
	of, ok := pointed[global](args, 0)
	attribute, ok2 := pointed[string](args, 1)
	if !ok || !ok2 {
		return nil, errArguments
	}
	qualified := of.name + "." + attribute[:min(len(attribute), maxName)]
	return &global{module: of.module, name: qualified[:min(len(qualified), maxName)]}, nil
}

// buildDecimal keeps the digits unchanged.
func buildDecimal(args []any) (any, error) {
	s, ok := pointed[string](args, 0)
	switch {
	case !ok || len(s) > maxDigits10:
		return nil, errArguments
	case json.Valid([]byte(s)) && s != "null" && s != "true" && s != "false" && s[0] != '"' && s[0] != '[' && s[0] != '{':
		return Number(s), nil
	}
	return newText(s), nil // NaN, Infinity, 1E+3 and the like
}

// buildFraction makes a fraction of a text, as before Python 3.11, or of two integers.
func buildFraction(args []any) (any, error) {
	if s, ok := argument[Text](args, 0); ok && len(args) == 1 {
		return s, nil
	}
	numerator, ok := integerOf(args, 0)
	denominator, ok2 := integerOf(args, 1)
	switch {
	case !ok || !ok2:
		return nil, errArguments
	case denominator.IsInt64() && denominator.Int64() == 1:
		return newText(numerator.String()), nil
	}
	return newText(numerator.String() + "/" + denominator.String()), nil
}

// integerOf returns args[i] if it is an integer.
func integerOf(args []any, i int) (*big.Int, bool) {
	if small, ok := pointed[int64](args, i); ok {
		return big.NewInt(small), true
	}
	return argument[*big.Int](args, i)
}

// buildIPv4 and buildIPv6 make an address of an integer. There are two, because a small integer may be either.
func buildIPv4(args []any) (any, error) {
	var b [4]byte
	if !fillInteger(b[:], args) {
		return nil, errArguments
	}
	return newText(netip.AddrFrom4(b).String()), nil
}

func buildIPv6(args []any) (any, error) {
	var b [16]byte
	if !fillInteger(b[:], args) {
		return nil, errArguments
	}
	return newText(netip.AddrFrom16(b).String()), nil
}

// fillInteger writes the integer in the first argument into b, big-endian, and reports whether there is one that fits.
func fillInteger(b []byte, args []any) bool {
	n, ok := integerOf(args, 0)
	if !ok || n.Sign() < 0 || n.BitLen() > 8*len(b) {
		return false
	}
	n.FillBytes(b)
	return true
}

// buildPath and buildWindowsPath make a path of its parts, as before Python 3.13, or of the strings it was created from. One of these
// may start anew.
func buildPath(args []any) (any, error) {
	return joinPath(args, '/', func(path []byte, part string) []byte {
		if strings.HasPrefix(part, "/") {
			path = path[:0]
		}
		return path
	})
}

func buildWindowsPath(args []any) (any, error) {
	return joinPath(args, '\\', func(path []byte, part string) []byte {
		switch {
		case hasDrive(part), strings.HasPrefix(part, `\\`):
			path = path[:0]
		case strings.HasPrefix(part, `\`) && hasDrive(path):
			path = path[:2]
		case strings.HasPrefix(part, `\`):
			path = path[:0]
		}
		return path
	})
}

func hasDrive[T string | []byte](path T) bool { return len(path) >= 2 && path[1] == ':' }

// joinPath joins the texts in args. before gets the path so far and the next text, and returns what remains of the path.
func joinPath(args []any, separator byte, before func(path []byte, part string) []byte) (any, error) {
	var path []byte
	for i := range args {
		part, ok := pointed[string](args, i)
		if !ok {
			return nil, errArguments
		}
		if separator == '\\' {
			part = strings.ReplaceAll(part, "/", `\`)
		}
		path = before(path, part)
		if n := len(path); n > 0 && part != "" && part[0] != separator && path[n-1] != separator && path[n-1] != ':' {
			path = append(path, separator)
		}
		path = append(path, part...)
	}
	if len(path) == 0 {
		return newText("."), nil
	}
	return newText(string(path)), nil
}

// uuidOf makes the text of a UUID from its integer.
func uuidOf(state *Dict) (any, bool) {
	v, _ := state.get("int")
	var b [16]byte
	if !fillInteger(b[:], []any{v}) {
		return nil, false
	}
	return newText(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])), true
}
