package pickle

import (
	"errors"
	"strconv"
)

// object names things and calls them.
func (d *Decoder) object(op byte) (err error) {
	switch op {
	case opGlobal, 'i', 0x93:
		return d.name(op)
	case opReduce, 0x81, 0x92, 'o':
		return d.call(op)
	case 'b':
		return d.build()
	case 'P', 'Q':
		return d.persistent(op)
	}
	code, err := d.in.uint(1 << (op - 0x82)) // EXT1, EXT2, EXT4
	if err != nil {
		return err
	}
	return d.stack.push(d.newGlobal("copyreg", "extension "+strconv.FormatUint(code, 10)))
}

// build gives an object its state. What is none ignores it, as the state of a class that is built from its arguments.
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

// persistent pushes what the pickle names by an id of its own.
func (d *Decoder) persistent(op byte) error {
	id := any(nil)
	var err error
	if op == 'P' {
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

// name pushes a global; INST also calls it.
func (d *Decoder) name(op byte) error {
	if op == 0x93 {
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

// call is how something is called.
type call struct {
	args  []any
	named *Dict // arguments by name, of NEWOBJ_EX
	new   bool  // the class's __new__, not the class
}

// call replaces a callable and its arguments by what they make.
func (d *Decoder) call(op byte) error {
	var items []any
	var err error
	switch op {
	case 'o':
		items, err = d.stack.toMark()
	case 0x92:
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
	if op == 'o' {
		return d.pushResult(callable, call{args: d.memory.join(nil, items[1:])})
	}
	c := call{new: op != opReduce}
	if tuple, ok := items[1].(*List); ok {
		c.args = tuple.Items
	}
	if op == 0x92 {
		c.named, _ = items[2].(*Dict)
	}
	return d.pushResult(callable, c)
}

// pushResult pushes what a call makes: plain data if that is known, else an object. No code runs but our own, and what it may copy of
// the arguments is charged first: a pickle can make the same call of the same arguments again and again, for five bytes each.
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

// subclassOf returns what builds the value of an unknown class that is called as only those of one kind are; nil if there is none.
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

// zonePrice is what a time zone costs that may have to be looked for in files, in values: some thousands a pickle may have, which
// takes less than a second.
const zonePrice = 64

// price is what a call costs beside the weight of its arguments, in values.
func price(f name, args []any) int {
	switch f {
	case packedArray:
		return elements(args)
	case zoneInfo, pytzZone:
		return zonePrice
	}
	return 0
}

// weight is how much there is to copy of v, in values; sixteen bytes count as one.
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

// maxName is the longest name of a module or class that is kept, in bytes.
const maxName = 200

func (d *Decoder) newGlobal(module, name string) *global {
	module, name = newName(module, name)
	return d.memory.globals.keep(global{module: module[:min(len(module), maxName)], name: name[:min(len(name), maxName)]})
}
