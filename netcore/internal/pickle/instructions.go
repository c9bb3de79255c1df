package pickle

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

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

// constant reads a value that is no text.
func (d *Decoder) constant(op byte) (any, error) {
	switch op {
	case opBinBytes, opShortBinBytes, opBinBytes8, opByteArray8:
		b, err := d.in.sized(lengthSizes[op])
		return b, err
	case opNewTrue, opNewFalse:
		return op == opNewTrue, nil
	case opEmptyDict:
		return d.memory.dict(nil), nil
	case opEmptyList, opEmptyTuple, opEmptySet:
		return d.memory.list(nil, op == opEmptyTuple), nil
	case opBinInt1, opBinInt2, opBinInt:
		n, err := d.smallInt(op)
		return d.memory.integers.keep(n), err
	case opInt, opLong, opLong1, opLong4:
		return d.int(op)
	case opFloat, opBinFloat:
		f, err := d.float(op)
		return d.memory.floats.keep(f), err
	}
	return nil, nil // None
}

func (d *Decoder) text(op byte) (string, error) {
	switch op {
	case opString, opUnicode:
		s, err := d.in.line()
		if err != nil {
			return "", err
		}
		if op == opString {
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
	case opLong1, opLong4:
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

// integer returns an integer of any size. One that is too long is replaced by a text, and the values around it stay.
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

// shuffle changes the stack, or skips an announcement.
func (d *Decoder) shuffle(op byte) (err error) {
	switch op {
	case opMark:
		err = d.stack.mark()
	case opPop:
		err = d.stack.drop()
	case opPopMark:
		_, err = d.stack.toMark()
	case opDup:
		var v any
		if v, err = d.stack.top(); err == nil {
			err = d.stack.push(v)
		}
	case opProto:
		var version byte
		if version, err = d.in.byte(); err == nil && version > maxProtocol {
			err = fmt.Errorf("pickle has the unknown protocol %d", version)
		}
	case opFrame: // its length is not needed
		_, err = d.in.bytes(8)
	case opReadOnlyBuffer:
	}
	return err
}

// remember writes or reads the memo.
func (d *Decoder) remember(op byte) (err error) {
	var i uint64
	switch op {
	case opPut, opGet:
		var s string
		if s, err = d.in.line(); err == nil {
			i, err = strconv.ParseUint(s, 10, 63)
		}
	case opBinPut, opBinGet:
		var b byte
		b, err = d.in.byte()
		i = uint64(b)
	case opLongBinPut, opLongBinGet:
		i, err = d.in.uint(4)
	default: // opMemoize
		i = d.memo.next()
	}
	if err != nil {
		return err
	}
	if op == opGet || op == opBinGet || op == opLongBinGet {
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

// note executes the instruction behind a text if it writes the text to the memo. Nearly every text has one, and this saves a step.
func (d *Decoder) note(v Text) {
	in := &d.in
	switch rest := in.b[in.at:]; {
	case len(rest) > 1 && rest[0] == opBinPut:
		in.at += 2
		d.memo.put(uint64(rest[1]), v)
	case len(rest) > 0 && rest[0] == opMemoize:
		in.at++
		d.memo.put(d.memo.next(), v)
	}
}

// container makes and fills lists, tuples, sets and dicts.
func (d *Decoder) container(op byte) (err error) {
	var items []any
	switch op {
	case opList, opTuple, opFrozenSet, opDict:
		if items, err = d.stack.toMark(); err != nil {
			return err
		}
		if op == opDict {
			return d.stack.push(d.memory.dict(items))
		}
		return d.stack.push(d.memory.list(items, op == opTuple))
	case opTuple1, opTuple2, opTuple3:
		if items, err = d.stack.take(int(op-opTuple1) + 1); err != nil {
			return err
		}
		return d.stack.push(d.memory.list(items, true))
	case opAppend:
		items, err = d.stack.take(1)
	case opSetItem:
		items, err = d.stack.take(2)
	case opAppends, opAddItems, opSetItems:
		items, err = d.stack.toMark()
	}
	if err != nil {
		return err
	}
	return d.fill(items, op == opSetItem || op == opSetItems)
}

// fill adds items, or keys and values, to the container on top of the stack. Anything else there ignores them.
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
