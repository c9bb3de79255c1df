package netcore

import "strconv"

// object names things and calls them.
func (u *unpickler) object(op byte) (err error) {
	switch op {
	case opGlobal, 'i', 0x93:
		err = u.name(op)
	case opReduce, 0x81, 0x92, 'o':
		err = u.call(op)
	case 'b':
		var state, v any
		if state, err = u.pop(); err == nil {
			v, err = u.top()
		}
		if o, ok := v.(*instance); ok && err == nil {
			if err = u.charge(weight(state)); err == nil {
				o.build(state)
			}
		}
	case 'P', 'Q':
		if op == 'P' {
			_, err = u.line()
		} else {
			_, err = u.pop()
		}
		if err == nil {
			err = u.push(&instance{class: global{"pickle", "persistent"}})
		}
	case 0x82, 0x83, 0x84:
		var code uint64
		if code, err = u.uint(1 << (op - 0x82)); err == nil {
			err = u.push(u.newGlobal("copyreg", "extension "+strconv.FormatUint(code, 10)))
		}
	}
	return err
}

// name pushes a global; INST also calls it.
func (u *unpickler) name(op byte) error {
	if op == 0x93 {
		items, err := u.take(2)
		if err != nil {
			return err
		}
		module, _ := pointed[string](items, 0)
		name, _ := pointed[string](items, 1)
		return u.push(u.newGlobal(module, name))
	}
	module, err := u.line()
	if err != nil {
		return err
	}
	name, err := u.line()
	if err != nil {
		return err
	}
	g := u.newGlobal(module, name)
	if op == opGlobal {
		return u.push(g)
	}
	args, err := u.toMark()
	if err != nil {
		return err
	}
	v, err := u.construct(g, args)
	if err != nil {
		return err
	}
	return u.push(v)
}

// call replaces a callable and its arguments by what they make.
func (u *unpickler) call(op byte) error {
	var items []any
	var err error
	switch op {
	case 'o':
		items, err = u.toMark()
	case 0x92:
		items, err = u.take(3)
	default:
		items, err = u.take(2)
	}
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return errPickleStack
	}
	args := items[1:]
	if op != 'o' {
		tuple, _ := items[1].(*list)
		if tuple == nil {
			tuple = new(list)
		}
		args = tuple.items
	}
	v, err := u.construct(items[0], args)
	if err != nil {
		return err
	}
	return u.push(v)
}

// maxName is the longest name of a module or class that is kept, in bytes.
const maxName = 200

func (u *unpickler) newGlobal(module, name string) *global {
	return u.globals.keep(global{module[:min(len(module), maxName)], name[:min(len(name), maxName)]})
}
