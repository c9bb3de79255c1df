package pickle

import (
	"errors"
	"strconv"
)

// object executes the instructions that name globals and call them.
func (d *Decoder) object(op byte) (err error) {
	switch op {
	case opGlobal, opInst, opStackGlobal:
		return d.name(op)
	case opReduce, opNewObj, opNewObjEx, opObj:
		return d.call(op)
	case opBuild:
		return d.build()
	case opPersID, opBinPersID:
		return d.persistent(op)
	}
	code, err := d.in.uint(1 << (op - opExt1)) // 1, 2 or 4 bytes
	if err != nil {
		return err
	}
	return d.stack.push(d.newGlobal("copyreg", "extension "+strconv.FormatUint(code, 10)))
}

// build gives an object its state. A value of a known class, which is made of its arguments, ignores it.
func (d *Decoder) build() error {
	state, err := d.stack.pop()
	if err != nil {
		return err
	}
	v, err := d.stack.top()
	if o, ok := v.(*object); ok {
		o.state = state
	}
	return err
}

// persistent pushes an object that the pickle names by a persistent id.
func (d *Decoder) persistent(op byte) error {
	id := any(nil)
	var err error
	if op == opPersID {
		var line string
		line, err = d.in.line()
		id = d.memory.texts.keep(line)
	} else {
		id, err = d.stack.pop()
	}
	if err != nil {
		return err
	}
	return d.stack.push(&object{class: d.newGlobal("pickle", "persistent"), args: []any{id}})
}

// name pushes a global. opInst also calls it.
func (d *Decoder) name(op byte) error {
	if op == opStackGlobal {
		items, err := d.stack.take(2)
		if err != nil {
			return err
		}
		module, _ := pointed[string](items, 0)
		name, _ := pointed[string](items, 1)
		return d.stack.push(d.newGlobal(module, name))
	}
	module, err := d.in.line()
	if err != nil {
		return err
	}
	name, err := d.in.line()
	if err != nil {
		return err
	}
	g := d.newGlobal(module, name)
	if op == opGlobal {
		return d.stack.push(g)
	}
	args, err := d.stack.toMark()
	if err != nil {
		return err
	}
	return d.pushResult(g, call{args: d.memory.join(nil, args)})
}

// call is a call of a callable.
type call struct {
	args  []any
	named *Dict // keyword arguments, of opNewObjEx
	new   bool  // it calls the class's __new__
}

// call replaces a callable and its arguments by the result.
func (d *Decoder) call(op byte) error {
	var items []any
	var err error
	switch op {
	case opObj:
		items, err = d.stack.toMark()
	case opNewObjEx:
		items, err = d.stack.take(3)
	default:
		items, err = d.stack.take(2)
	}
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return errStack
	}
	callable := items[0]
	if op == opObj {
		return d.pushResult(callable, call{args: d.memory.join(nil, items[1:])})
	}
	c := call{new: op != opReduce}
	if tuple, ok := items[1].(*List); ok {
		c.args = tuple.Items
	}
	if op == opNewObjEx {
		c.named, _ = items[2].(*Dict)
	}
	return d.pushResult(callable, c)
}

// pushResult pushes the result of a call: a plain value if the callable is known, else an object. Only our own code runs. What it may
// copy of the arguments is charged first, because a pickle can repeat a call with the same arguments for five bytes each.
func (d *Decoder) pushResult(callable any, c call) error {
	for _, arg := range c.args {
		if err := d.stack.charge(weight(arg)); err != nil {
			return err
		}
	}
	switch f := callable.(type) {
	case *global:
		if err := d.stack.charge(price(f.key(), c.args)); err != nil {
			return err
		}
		if build := builders[f.key()]; build != nil {
			if v, err := build(c.args); err == nil {
				return d.stack.push(v)
			}
		}
		if build := subclassOf(f, c); build != nil {
			if v, err := build(c.args); err == nil {
				return d.stack.push(v)
			}
		}
		return d.stack.push(newObject(f, c))
	case *object:
		return d.stack.push(f.called(c))
	}
	return errors.New("pickle calls what cannot be called")
}

// subclassOf returns the builder for an unknown class that is called like a subclass of a known one; nil if it is not.
func subclassOf(f *global, c call) func(args []any) (any, error) {
	switch {
	case looksLikeDatetime(c.args):
		return buildDatetime
	case !c.new && looksLikeDate(f.name, c.args):
		return buildDate
	case !c.new && looksLikeTime(f.name, c.args):
		return buildTime
	case !c.new && looksLikeBytearray(c.args):
		return buildEncoded
	}
	return nil
}

// zonePrice is what a time zone that may have to be read from files costs, in values. So a pickle may have a few thousand, which
// takes less than a second.
const zonePrice = 64

// price is what a call costs besides the weight of its arguments, in values.
func price(f name, args []any) int {
	switch f {
	case packedArray:
		return elements(args)
	case zoneInfo, pytzZone:
		return zonePrice
	}
	return 0
}

// weight is the cost of copying v, in values. Sixteen bytes count as one.
func weight(v any) int {
	switch v := v.(type) {
	case *List:
		return len(v.Items)
	case *Dict:
		return len(v.Items)
	case Text:
		return len(*v) / 16
	case []byte:
		return len(v) / 16
	case *object:
		if v.class.module == dateutilModule {
			return zonePrice
		}
	}
	return 0
}

// maxName is the longest name of a module or class that is kept, in bytes; longer ones are cut.
const maxName = 200

func (d *Decoder) newGlobal(module, name string) *global {
	module, name = newName(module, name)
	return d.memory.globals.keep(global{module: module[:min(len(module), maxName)], name: name[:min(len(name), maxName)]})
}
