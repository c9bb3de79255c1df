package pickle

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
func (d *Decoder) step(op byte) error {
	switch groups[op] {
	case constants:
		v, err := d.constant(op)
		if err != nil {
			return err
		}
		return d.stack.push(v)
	case texts:
		s, err := d.text(op)
		if err != nil {
			return err
		}
		v := d.memory.texts.keep(s)
		d.note(v)
		return d.stack.push(v)
	case memos:
		return d.remember(op)
	case shuffles:
		return d.shuffle(op)
	case containers:
		return d.container(op)
	case objects:
		return d.object(op)
	}
	return fmt.Errorf("pickle has the unknown opcode %q", op)
}

// lengthSizes is how many bytes the length before a binary value has.
var lengthSizes = [256]uint64{'B': 4, 'C': 1, 0x8e: 8, 0x96: 8, 0x8a: 1, 0x8b: 4, 'X': 4, 'T': 4, 'U': 1, 0x8c: 1, 0x8d: 8}

// constant reads what is no text.
func (d *Decoder) constant(op byte) (any, error) {
	switch op {
	case 'B', 'C', 0x8e, 0x96:
		b, err := d.in.sized(lengthSizes[op])
		return b, err
	case 0x88, 0x89:
		return op == 0x88, nil
	case opEmptyDict:
		return d.memory.dict(nil), nil
	case opEmptyList, ')', 0x8f:
		return d.memory.list(nil, op == ')'), nil
	case opBinInt1, opBinInt2, opBinInt:
		n, err := d.smallInt(op)
		return d.memory.integers.keep(n), err
	case opInt, opLong, 0x8a, 0x8b:
		return d.int(op)
	case 'F', opBinFloat:
		f, err := d.float(op)
		return d.memory.floats.keep(f), err
	}
	return nil, nil // None
}

func (d *Decoder) text(op byte) (string, error) {
	switch op {
	case 'S', 'V':
		s, err := d.in.line()
		if err != nil {
			return "", err
		}
		if op == 'S' {
			return unquote(s)
		}
		return unescape(s, true)
	}
	b, err := d.in.sized(lengthSizes[op])
	return alias(b), err
}

func (d *Decoder) smallInt(op byte) (int64, error) {
	switch op {
	case opBinInt1:
		n, err := d.in.uint(1)
		return int64(n), err
	case opBinInt2:
		n, err := d.in.uint(2)
		return int64(n), err
	}
	n, err := d.in.uint(4)
	return int64(int32(n)), err
}

func (d *Decoder) int(op byte) (any, error) {
	switch op {
	case 0x8a, 0x8b:
		b, err := d.in.sized(lengthSizes[op])
		if err != nil {
			return nil, err
		}
		return d.integer(long(b))
	}
	s, err := d.in.line()
	if err != nil {
		return nil, err
	}
	if op == opInt && (s == "00" || s == "01") {
		return s == "01", nil
	}
	return d.integer(decimal(s))
}

// integer is an integer that may be large. One that is too long costs itself, not what is around it.
func (d *Decoder) integer(small int64, large *big.Int, err error) (any, error) {
	switch {
	case err == errLong:
		return longNumber, nil
	case large != nil:
		return large, err
	}
	return d.memory.integers.keep(small), err
}

func (d *Decoder) float(op byte) (float64, error) {
	if op == opBinFloat {
		b, err := d.in.bytes(8)
		if err != nil {
			return 0, err
		}
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	}
	s, err := d.in.line()
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(s, 64)
}

// shuffle handles the stack.
func (d *Decoder) shuffle(op byte) (err error) {
	switch op {
	case opMark:
		err = d.stack.mark()
	case '0':
		err = d.stack.drop()
	case '1':
		_, err = d.stack.toMark()
	case '2':
		var v any
		if v, err = d.stack.top(); err == nil {
			err = d.stack.push(v)
		}
	case 0x80:
		var version byte
		if version, err = d.in.byte(); err == nil && version > maxProtocol {
			err = fmt.Errorf("pickle has the unknown protocol %d", version)
		}
	case 0x95: // a frame's length, which is of no use here
		_, err = d.in.bytes(8)
	case 0x98: // makes a buffer read-only
	}
	return err
}

// remember writes or reads the memo.
func (d *Decoder) remember(op byte) (err error) {
	var i uint64
	switch op {
	case 'p', 'g':
		var s string
		if s, err = d.in.line(); err == nil {
			i, err = strconv.ParseUint(s, 10, 63)
		}
	case 'q', 'h':
		var b byte
		b, err = d.in.byte()
		i = uint64(b)
	case 'r', 'j':
		i, err = d.in.uint(4)
	default:
		i = d.memo.next()
	}
	if err != nil {
		return err
	}
	if op == 'g' || op == 'h' || op == 'j' {
		v, err := d.memo.get(i)
		if err != nil {
			return err
		}
		return d.stack.push(v)
	}
	v, err := d.stack.top()
	if err == nil {
		d.memo.put(i, v)
	}
	return err
}

// note executes the instruction behind a text that writes it to the memo, as there is behind nearly every text, without a step of its own.
func (d *Decoder) note(v Text) {
	in := &d.in
	switch rest := in.b[in.at:]; {
	case len(rest) > 1 && rest[0] == 'q':
		in.at += 2
		d.memo.put(uint64(rest[1]), v)
	case len(rest) > 0 && rest[0] == 0x94:
		in.at++
		d.memo.put(d.memo.next(), v)
	}
}

// container makes and fills lists, tuples, sets and dicts.
func (d *Decoder) container(op byte) (err error) {
	var items []any
	switch op {
	case 'l', opTuple, 0x91, 'd':
		if items, err = d.stack.toMark(); err != nil {
			return err
		}
		if op == 'd' {
			return d.stack.push(d.memory.dict(items))
		}
		return d.stack.push(d.memory.list(items, op == opTuple))
	case 0x85, 0x86, 0x87:
		if items, err = d.stack.take(int(op - 0x84)); err != nil {
			return err
		}
		return d.stack.push(d.memory.list(items, true))
	case 'a':
		items, err = d.stack.take(1)
	case 's':
		items, err = d.stack.take(2)
	case opAppends, 0x90, opSetItems:
		items, err = d.stack.toMark()
	}
	if err != nil {
		return err
	}
	return d.fill(items, op == 's' || op == opSetItems)
}

// fill adds items to what is on top of the stack: values, or keys and values. What is no container ignores them.
func (d *Decoder) fill(items []any, keyed bool) error {
	v, err := d.stack.top()
	if keyed {
		items = pairs(items)
	}
	switch c := v.(type) {
	case *List:
		c.Items = d.memory.join(c.Items, items)
	case *Dict:
		c.Items = d.memory.join(c.Items, pairs(items))
	case *object:
		if keyed {
			c.pairs = d.memory.join(c.pairs, items)
		} else {
			c.items = d.memory.join(c.items, items)
		}
	}
	return err
}
