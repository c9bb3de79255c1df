package netcore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unsafe"
)

// unpickler reads pickles of protocols 0 to 5 and executes nothing: a pickle is a program for a stack machine, and the only
// calls that this machine knows are those in globals.go, which make plain data. Whatever else a pickle names becomes a text.
//
// What it reads comes from anyone who can reach the port. So everything is bounded: a value costs at least one byte of the
// frame, their number is limited, and what is shared on the stack is counted again, by a measure, before it is written out.
//
// Strings alias the frame. An unpickler is for one goroutine at a time and is used again for the next frame.
type unpickler struct {
	b      []byte
	at     int
	stack  []any
	marks  []int // heights of the stack
	memo   []any
	far    map[uint64]any // memo entries beyond maxNearMemo
	pushes int
}

const (
	maxProtocol = 5
	maxPushes   = 1 << 18 // values in one pickle
	maxNearMemo = 1 << 16
	maxDigits10 = 4300 // of an integer, as in Python
	maxIntBits  = 14285
)

// The values on the stack are nil, bool, int64, *big.Int, float64, complex128, string, []byte, time.Time, time.Duration,
// and these.
type (
	// list is a list, tuple, set or frozenset.
	list struct {
		items []any
		open  bool // is being measured
	}
	// dict is a dict or OrderedDict, in order; later keys hide earlier ones.
	dict struct {
		keys, values []any
		open         bool
	}
	// global is a class or a function, by name.
	global struct{ module, name string }
	// instance is an object of a class that is not built; state is what it would hold.
	instance struct {
		class global
		uuid  string
	}
	// number is a decimal number that no Go type holds exactly.
	number string
)

func (g global) String() string { return "<" + g.module + "." + g.name + ">" }

var (
	errPickleEnds  = errors.New("pickle ends too early")
	errPickleStack = errors.New("pickle takes from an empty stack")
	errPickleMany  = fmt.Errorf("pickle holds more than %d values", maxPushes)
	errPickleInt   = fmt.Errorf("pickle holds an integer of more than %d digits", maxDigits10)
)

// load reads one pickle. The value is valid until the frame changes or load is called again.
func (u *unpickler) load(frame []byte) (v any, err error) {
	clear(u.stack)
	clear(u.memo)
	u.b, u.at, u.pushes, u.far = frame, 0, 0, nil
	u.stack, u.marks, u.memo = u.stack[:0], u.marks[:0], u.memo[:0]
	for {
		op, err := u.byte()
		if err != nil {
			return nil, err
		}
		if op == opStop {
			return u.pop()
		}
		if err := u.step(op); err != nil {
			return nil, fmt.Errorf("%w, at byte %d", err, u.at)
		}
	}
}

func (u *unpickler) bytes(n uint64) ([]byte, error) {
	if n > uint64(len(u.b)-u.at) {
		return nil, errPickleEnds
	}
	b := u.b[u.at : u.at+int(n) : u.at+int(n)]
	u.at += int(n)
	return b, nil
}

func (u *unpickler) byte() (byte, error) {
	if u.at == len(u.b) {
		return 0, errPickleEnds
	}
	u.at++
	return u.b[u.at-1], nil
}

// uint reads an unsigned little-endian number of size bytes.
func (u *unpickler) uint(size uint64) (uint64, error) {
	b, err := u.bytes(size)
	if err != nil {
		return 0, err
	}
	var v [8]byte
	copy(v[:], b)
	return binary.LittleEndian.Uint64(v[:]), nil
}

// line reads up to a newline.
func (u *unpickler) line() (string, error) {
	n := bytes.IndexByte(u.b[u.at:], '\n')
	if n < 0 {
		return "", errPickleEnds
	}
	s := alias(u.b[u.at : u.at+n])
	u.at += n + 1
	return s, nil
}

func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// sized reads a length of size bytes, and as many bytes.
func (u *unpickler) sized(size uint64) ([]byte, error) {
	n, err := u.uint(size)
	if err != nil {
		return nil, err
	}
	return u.bytes(n)
}

func (u *unpickler) push(v any) error {
	if u.pushes++; u.pushes > maxPushes {
		return errPickleMany
	}
	u.stack = append(u.stack, v)
	return nil
}

// floor is the height of the stack below which the current mark does not let anyone take.
func (u *unpickler) floor() int {
	if n := len(u.marks); n > 0 {
		return u.marks[n-1]
	}
	return 0
}

func (u *unpickler) pop() (any, error) {
	n := len(u.stack) - 1
	if n < u.floor() {
		return nil, errPickleStack
	}
	v := u.stack[n]
	u.stack = u.stack[:n]
	return v, nil
}

func (u *unpickler) top() (any, error) {
	n := len(u.stack) - 1
	if n < u.floor() {
		return nil, errPickleStack
	}
	return u.stack[n], nil
}

// toMark takes everything above the last mark. The slice is valid until the next push.
func (u *unpickler) toMark() ([]any, error) {
	n := len(u.marks) - 1
	if n < 0 {
		return nil, errors.New("pickle has no mark")
	}
	from := u.marks[n]
	u.marks = u.marks[:n]
	items := u.stack[from:]
	u.stack = u.stack[:from]
	return items, nil
}

func (u *unpickler) take(n int) ([]any, error) {
	from := len(u.stack) - n
	if from < u.floor() {
		return nil, errPickleStack
	}
	items := u.stack[from:]
	u.stack = u.stack[:from]
	return items, nil
}

func (u *unpickler) put(i uint64) error {
	v, err := u.top()
	if err != nil {
		return err
	}
	if i >= maxNearMemo {
		if u.far == nil {
			u.far = make(map[uint64]any)
		}
		u.far[i] = v
		return nil
	}
	for uint64(len(u.memo)) <= i {
		u.memo = append(u.memo, nil)
	}
	u.memo[i] = v
	return nil
}

func (u *unpickler) get(i uint64) error {
	if i < uint64(len(u.memo)) {
		return u.push(u.memo[i])
	}
	v, ok := u.far[i]
	if !ok {
		return fmt.Errorf("pickle has no memo %d", i)
	}
	return u.push(v)
}

// decimal reads the integer in s, which may end with L.
func decimal(s string) (any, error) {
	s = strings.TrimSuffix(s, "L")
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		return v, nil
	}
	if len(s) > maxDigits10+1 {
		return nil, errPickleInt
	}
	v, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return nil, errors.New("pickle holds an integer that is none")
	}
	return v, nil
}

// long makes an integer of two's complement, little-endian.
func long(b []byte) (any, error) {
	if len(b) > maxIntBits/8 {
		return nil, errPickleInt
	}
	big1 := make([]byte, len(b))
	for i, c := range b {
		big1[len(b)-1-i] = c
	}
	v := new(big.Int).SetBytes(big1)
	if len(b) > 0 && b[len(b)-1]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	if v.IsInt64() {
		return v.Int64(), nil
	}
	return v, nil
}

// unquote reads a Python 2 string literal.
func unquote(s string) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) < 2 || s[0] != s[len(s)-1] || s[0] != '\'' && s[0] != '"' {
		return "", errors.New("pickle holds a string without quotes")
	}
	return unescape(s[1:len(s)-1], false)
}

// unescape resolves Python's escapes: \u and \U only in unicode, the others only outside.
func unescape(s string, unicode bool) (string, error) {
	if strings.IndexByte(s, '\\') < 0 && !unicode {
		return s, nil
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			writeChar(&out, s[i], unicode)
			continue
		}
		i++
		digits := 0
		switch {
		case unicode && s[i] == 'u':
			digits = 4
		case unicode && s[i] == 'U':
			digits = 8
		case !unicode && s[i] == 'x':
			digits = 2
		case unicode:
			out.WriteByte('\\')
			writeChar(&out, s[i], unicode)
			continue
		default:
			out.WriteString(simpleEscape(s[i]))
			continue
		}
		if i+digits >= len(s) {
			return "", errors.New("pickle holds an escape that ends too early")
		}
		n, err := strconv.ParseUint(s[i+1:i+1+digits], 16, 32)
		if err != nil {
			return "", errors.New("pickle holds an escape that is none")
		}
		if unicode {
			out.WriteRune(rune(min(n, math.MaxInt32)))
		} else {
			out.WriteByte(byte(n))
		}
		i += digits
	}
	return out.String(), nil
}

// writeChar writes one byte of a literal: raw-unicode-escape is Latin-1.
func writeChar(out *strings.Builder, c byte, unicode bool) {
	if unicode {
		out.WriteRune(rune(c))
		return
	}
	out.WriteByte(c)
}

func simpleEscape(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'r':
		return "\r"
	case '\\', '\'', '"':
		return string(c)
	}
	return "\\" + string(rune(c))
}
