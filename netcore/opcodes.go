package netcore

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// group says which method executes an instruction. They are grouped as in Python's pickletools.
type group uint8

const (
	unknown    group = iota
	constants        // push what stands in the pickle itself
	texts            // the same, of texts
	memos            // write or read the memo
	shuffles         // handle the stack, and what is around it
	containers       // make and fill lists, tuples, sets and dicts
	objects          // name things and call them
)

var groups = func() (of [256]group) {
	for g, ops := range [...]string{
		constants:  "BC\x8e\x96N\x88\x89})]\x8fKMJIL\x8a\x8bFG",
		texts:      "XTU\x8c\x8dSV",
		memos:      "pqr\x94ghj",
		shuffles:   "(012\x80\x95\x98",
		containers: "lt\x91d\x85\x86\x87ase\x90u",
		objects:    "ci\x93R\x81\x92obPQ\x82\x83\x84",
	} {
		for _, op := range []byte(ops) {
			of[op] = group(g)
		}
	}
	return of
}()

// step executes one instruction.
func (u *unpickler) step(op byte) error {
	switch groups[op] {
	case constants:
		v, err := u.constant(op)
		if err != nil {
			return err
		}
		return u.push(v)
	case texts:
		s, err := u.text(op)
		if err != nil {
			return err
		}
		return u.push(u.texts.keep(s))
	case memos:
		return u.remember(op)
	case shuffles:
		return u.shuffle(op)
	case containers:
		return u.container(op)
	case objects:
		return u.object(op)
	}
	return fmt.Errorf("pickle has the unknown opcode %q", op)
}

// lengthSizes is how many bytes the length before a binary value has.
var lengthSizes = [256]uint64{'B': 4, 'C': 1, 0x8e: 8, 0x96: 8, 0x8a: 1, 0x8b: 4, 'X': 4, 'T': 4, 'U': 1, 0x8c: 1, 0x8d: 8}

// constant reads what is no text.
func (u *unpickler) constant(op byte) (any, error) {
	switch op {
	case 'B', 'C', 0x8e, 0x96:
		b, err := u.sized(lengthSizes[op])
		return b, err
	case 0x88, 0x89:
		return op == 0x88, nil
	case opEmptyDict:
		return u.dicts.keep(dict{}), nil
	case opEmptyList, ')', 0x8f:
		return u.lists.keep(list{}), nil
	case opBinInt1, opBinInt2, opBinInt:
		n, err := u.smallInt(op)
		return u.integers.keep(n), err
	case opInt, opLong, 0x8a, 0x8b:
		return u.int(op)
	case 'F', opBinFloat:
		f, err := u.float(op)
		return u.floats.keep(f), err
	}
	return nil, nil // None
}

func (u *unpickler) text(op byte) (string, error) {
	switch op {
	case 'S', 'V':
		s, err := u.line()
		if err != nil {
			return "", err
		}
		if op == 'S' {
			return unquote(s)
		}
		return unescape(s, true)
	}
	b, err := u.sized(lengthSizes[op])
	return alias(b), err
}

func (u *unpickler) smallInt(op byte) (int64, error) {
	switch op {
	case opBinInt1:
		n, err := u.uint(1)
		return int64(n), err
	case opBinInt2:
		n, err := u.uint(2)
		return int64(n), err
	}
	n, err := u.uint(4)
	return int64(int32(n)), err
}

func (u *unpickler) int(op byte) (any, error) {
	switch op {
	case 0x8a, 0x8b:
		b, err := u.sized(lengthSizes[op])
		if err != nil {
			return nil, err
		}
		return u.integer(long(b))
	}
	s, err := u.line()
	if err != nil {
		return nil, err
	}
	if op == opInt && (s == "00" || s == "01") {
		return s == "01", nil
	}
	return u.integer(decimal(s))
}

// integer is an integer that may be large.
func (u *unpickler) integer(small int64, large *big.Int, err error) (any, error) {
	if large != nil {
		return large, err
	}
	return u.integers.keep(small), err
}

func (u *unpickler) float(op byte) (float64, error) {
	if op == opBinFloat {
		b, err := u.bytes(8)
		if err != nil {
			return 0, err
		}
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	}
	s, err := u.line()
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(s, 64)
}

// shuffle handles the stack.
func (u *unpickler) shuffle(op byte) (err error) {
	switch op {
	case opMark:
		if err = u.charge(1); err == nil {
			u.marks = append(u.marks, len(u.stack))
		}
	case '0':
		if len(u.marks) > 0 && u.floor() == len(u.stack) {
			u.marks = u.marks[:len(u.marks)-1]
			break
		}
		_, err = u.pop()
	case '1':
		_, err = u.toMark()
	case '2':
		var v any
		if v, err = u.top(); err == nil {
			err = u.push(v)
		}
	case 0x80:
		var version byte
		if version, err = u.byte(); err == nil && version > maxProtocol {
			err = fmt.Errorf("pickle has the unknown protocol %d", version)
		}
	case 0x95: // a frame's length, which is of no use here
		_, err = u.bytes(8)
	case 0x98: // makes a buffer read-only
	}
	return err
}

// remember writes or reads the memo.
func (u *unpickler) remember(op byte) (err error) {
	var i uint64
	switch op {
	case 'p', 'g':
		var s string
		if s, err = u.line(); err == nil {
			i, err = strconv.ParseUint(s, 10, 63)
		}
	case 'q', 'h':
		var b byte
		b, err = u.byte()
		i = uint64(b)
	case 'r', 'j':
		i, err = u.uint(4)
	default:
		i = uint64(len(u.memo))
	}
	if err != nil {
		return err
	}
	if op == 'g' || op == 'h' || op == 'j' {
		return u.get(i)
	}
	return u.put(i)
}

// container makes and fills lists, tuples, sets and dicts.
func (u *unpickler) container(op byte) (err error) {
	var items []any
	switch op {
	case 'l', opTuple, 0x91, 'd':
		if items, err = u.toMark(); err != nil {
			return err
		}
		if op == 'd' {
			return u.push(u.dicts.keep(dict{items: u.join(nil, pairs(items))}))
		}
		return u.push(u.newList(items))
	case 0x85, 0x86, 0x87:
		if items, err = u.take(int(op - 0x84)); err != nil {
			return err
		}
		return u.push(u.newList(items))
	case 'a':
		items, err = u.take(1)
	case 's':
		items, err = u.take(2)
	case opAppends, 0x90, opSetItems:
		items, err = u.toMark()
	}
	if err != nil {
		return err
	}
	return u.fill(items)
}

// fill adds items to what is on top of the stack. What is no container of ours ignores them, as the state of an object is ignored.
func (u *unpickler) fill(items []any) error {
	v, err := u.top()
	switch c := v.(type) {
	case *list:
		c.items = u.join(c.items, items)
	case *dict:
		c.items = u.join(c.items, pairs(items))
	}
	return err
}

// pairs leaves out a key without a value.
func pairs(items []any) []any { return items[:len(items)&^1] }
