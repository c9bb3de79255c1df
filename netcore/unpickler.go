package netcore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"
)

// unpickler reads pickles of protocols 0 to 5 and executes nothing: a pickle is a program for a stack machine, and the only
// calls that this machine knows are those in globals.go, which make plain data. Whatever else a pickle names becomes a text.
//
// What it reads comes from anyone who can reach the port. So everything is bounded: a value costs at least one byte of the
// frame, their number is limited, and what is shared on the stack is counted again, by a measure, before it is written out.
//
// Strings alias the frame. An unpickler is for one goroutine at a time and is used again for the next frame: of a LogRecord
// as logging makes them it allocates nothing.
type unpickler struct {
	b      []byte
	at     int
	stack  []any
	marks  []int // heights of the stack
	memo   []any
	far    map[uint64]any // memo entries beyond maxNearMemo
	pushes int

	// What the values on the stack are made of.
	texts    store[string]
	integers store[int64]
	floats   store[float64]
	globals  store[global]
	lists    store[list]
	dicts    store[dict]
	items    store[any]
}

// store is memory for the values of one pickle. What keep returns stays where it is when the store grows.
type store[T any] []T

func (s *store[T]) keep(v T) *T {
	*s = append(*s, v)
	return &(*s)[len(*s)-1]
}

// reset makes s empty. What was large is not kept for the next pickle.
func (s *store[T]) reset() {
	if cap(*s) > keepStore {
		*s = nil
		return
	}
	clear(*s)
	*s = (*s)[:0]
}

// keepStore is how many values of one kind stay with an unpickler for the next frame: each connection has one.
const keepStore = 1 << 8

const (
	maxProtocol = 5
	maxPushes   = 1 << 18 // values in one pickle
	maxNearMemo = 1 << 16
	maxDigits10 = 4300 // of an integer, as in Python
	maxIntBits  = 14285
)

// The values on the stack are nil, bool, *big.Int, complex128, []byte, time.Time, time.Duration, and these. Those that nearly
// every record has are pointers, which an interface holds as they are.
type (
	text    = *string
	integer = *int64
	float   = *float64

	// list is a list, tuple, set or frozenset.
	list struct {
		items []any
		open  bool // is being measured
	}
	// dict is a dict or OrderedDict, in order; later keys hide earlier ones.
	dict struct {
		items []any // key, value, key, value …
		open  bool
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

// load reads one pickle. The value is valid until the frame changes or release is called, which must be before the next load.
func (u *unpickler) load(frame []byte) (v any, err error) {
	u.b, u.at, u.pushes = frame, 0, 0
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

func (u *unpickler) release() {
	u.b, u.far = nil, nil
	u.texts.reset()
	u.integers.reset()
	u.floats.reset()
	u.globals.reset()
	u.lists.reset()
	u.dicts.reset()
	u.items.reset()
	if cap(u.stack)+cap(u.memo)+cap(u.marks) > keepStore {
		u.stack, u.memo, u.marks = nil, nil, nil
		return
	}
	clear(u.stack[:cap(u.stack)])
	clear(u.memo)
	u.stack, u.marks, u.memo = u.stack[:0], u.marks[:0], u.memo[:0]
}

// newList returns a list of items.
func (u *unpickler) newList(items []any) *list {
	return u.lists.keep(list{items: u.join(nil, items)})
}

// join appends items to those of a container.
func (u *unpickler) join(to, items []any) []any {
	if len(to) > 0 {
		return append(to, items...)
	}
	start := len(u.items)
	u.items = append(u.items, items...)
	return u.items[start:len(u.items):len(u.items)]
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

// uint reads an unsigned little-endian number of size bytes: 1, 2, 4 or 8.
func (u *unpickler) uint(size uint64) (uint64, error) {
	b, err := u.bytes(size)
	if err != nil {
		return 0, err
	}
	switch size {
	case 1:
		return uint64(b[0]), nil
	case 2:
		return uint64(binary.LittleEndian.Uint16(b)), nil
	case 4:
		return uint64(binary.LittleEndian.Uint32(b)), nil
	}
	return binary.LittleEndian.Uint64(b), nil
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

// charge counts n values that the pickle makes.
func (u *unpickler) charge(n int) error {
	if u.pushes += n; u.pushes > maxPushes {
		return errPickleMany
	}
	return nil
}

func (u *unpickler) push(v any) error {
	if err := u.charge(1); err != nil {
		return err
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
