package netcore

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// step executes one instruction. They are grouped as in Python's pickletools: what pushes a constant, what handles the stack and
// the memo, what fills containers, and what names or calls something.
func (u *unpickler) step(op byte) error {
	if v, known, err := u.constant(op); known {
		if err != nil {
			return err
		}
		return u.push(v)
	}
	if known, err := u.shuffle(op); known {
		return err
	}
	if known, err := u.container(op); known {
		return err
	}
	if known, err := u.object(op); known {
		return err
	}
	return fmt.Errorf("pickle has the unknown opcode %q", op)
}

// lengthSizes is how many bytes the length before a binary value has.
var lengthSizes = map[byte]uint64{'B': 4, 'C': 1, 0x8e: 8, 0x96: 8, 0x8a: 1, 0x8b: 4, 'X': 4, 'T': 4, 'U': 1, 0x8c: 1, 0x8d: 8}

// constant reads what stands in the pickle itself.
func (u *unpickler) constant(op byte) (v any, known bool, err error) {
	known = true
	switch op {
	case 'X', 'T', 0x8d, 0x8c, 'U', 'S', 'V':
		v, err = u.text(op)
	case 'B', 'C', 0x8e, 0x96:
		var b []byte
		b, err = u.sized(lengthSizes[op])
		v = b
	case opNone:
	case 0x88, 0x89:
		v = op == 0x88
	case opEmptyDict:
		v = new(dict)
	case opEmptyList, ')', 0x8f:
		v = new(list)
	case opBinInt1, opBinInt2, opBinInt:
		v, err = u.smallInt(op)
	case opInt, opLong, 0x8a, 0x8b:
		v, err = u.int(op)
	case 'F', opBinFloat:
		v, err = u.float(op)
	default:
		known = false
	}
	return v, known, err
}

func (u *unpickler) text(op byte) (any, error) {
	switch op {
	case 'S', 'V':
		s, err := u.line()
		if err != nil {
			return nil, err
		}
		if op == 'S' {
			return wrap(unquote(s))
		}
		return wrap(unescape(s, true))
	}
	b, err := u.sized(lengthSizes[op])
	return alias(b), err
}

func wrap(s string, err error) (any, error) { return s, err }

func (u *unpickler) smallInt(op byte) (any, error) {
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
		return long(b)
	}
	s, err := u.line()
	if err != nil {
		return nil, err
	}
	if op == opInt && (s == "00" || s == "01") {
		return s == "01", nil
	}
	return decimal(s)
}

func (u *unpickler) float(op byte) (any, error) {
	if op == opBinFloat {
		b, err := u.bytes(8)
		if err != nil {
			return nil, err
		}
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	}
	s, err := u.line()
	if err != nil {
		return nil, err
	}
	return strconv.ParseFloat(s, 64)
}

// shuffle handles the stack, the memo and the frame.
func (u *unpickler) shuffle(op byte) (known bool, err error) {
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
	case 'p', 'q', 'r', 0x94, 'g', 'h', 'j':
		err = u.remember(op)
	case 0x80:
		var version byte
		if version, err = u.byte(); err == nil && version > maxProtocol {
			err = fmt.Errorf("pickle has the unknown protocol %d", version)
		}
	case 0x95: // a frame's length, which is of no use here
		_, err = u.bytes(8)
	case 0x98: // makes a buffer read-only
	default:
		return false, nil
	}
	return true, err
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
		i, err = u.uint(1)
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
func (u *unpickler) container(op byte) (known bool, err error) {
	var items []any
	switch op {
	case 'l', opTuple, 0x91, 'd':
		if items, err = u.toMark(); err != nil {
			return true, err
		}
		if op == 'd' {
			d := new(dict)
			d.set(items)
			return true, u.push(d)
		}
		return true, u.push(&list{items: append([]any(nil), items...)})
	case 0x85, 0x86, 0x87:
		if items, err = u.take(int(op - 0x84)); err != nil {
			return true, err
		}
		return true, u.push(&list{items: append([]any(nil), items...)})
	case 'a':
		items, err = u.take(1)
	case 's':
		items, err = u.take(2)
	case opAppends, 0x90, opSetItems:
		items, err = u.toMark()
	default:
		return false, nil
	}
	if err != nil {
		return true, err
	}
	return true, u.fill(items)
}

// fill adds items to what is on top of the stack. What is no container of ours ignores them, as the state of an object is ignored.
func (u *unpickler) fill(items []any) error {
	v, err := u.top()
	switch c := v.(type) {
	case *list:
		c.items = append(c.items, items...)
	case *dict:
		c.set(items)
	}
	return err
}

func (d *dict) set(items []any) {
	d.keys, d.values = slices.Grow(d.keys, len(items)/2), slices.Grow(d.values, len(items)/2)
	for i := 0; i+1 < len(items); i += 2 {
		d.keys, d.values = append(d.keys, items[i]), append(d.values, items[i+1])
	}
}
