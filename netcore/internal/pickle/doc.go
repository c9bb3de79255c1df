// Package pickle is a bounded codec for Python's pickles. It reads plain values out of a frame that anyone may have sent, and writes
// plain values into one. It executes nothing, and knows nothing about the purpose of the values.
//
//	frame ─► input ─► instructions ─► stack, memo ─► value, as it stands in the pickle ─► resolve ─► plain value
//	                     │                                                                  │
//	                     └─ calls ─► classes: what a call of a known class makes            └─ object: what an unknown one holds
//
//	plain value ─► the Append functions ─► frame of protocol 1
//
// [Decoder.Decode] returns within bounds of memory, depth and time that follow from the frame's size and MaxBytes. It returns either an
// error that says why the frame is no pickle, or a value that consists of the types below and does not contain itself.
//
//	Python                              Go
//	None, bool                          nil, bool
//	int                                 *int64, *big.Int if it is larger
//	float, complex                      *float64, complex128
//	str                                 *string, possibly with invalid UTF-8: see Clean
//	bytes, bytearray                    []byte
//	Decimal                             Number if its digits are a JSON number, else *string
//	aware datetime, timedelta           time.Time, time.Duration
//	naive datetime, date, time          *string, as isoformat writes it
//	list, tuple, set, deque, array      *List
//	NumPy's scalars and arrays          the same; datetime64 is a *string as NumPy writes it, a masked element nil, a record a *Dict
//	pandas' Timestamp, Timedelta        as datetime, timedelta
//	dict, OrderedDict, Counter …        *Dict, in order; later keys hide earlier ones
//
// # Objects
//
// A pickle is a program for a stack machine that names classes and functions and calls them. The machine in this package calls no
// code of the pickle. It knows what some classes of the standard library (classes.go, datetime.go, array.go), the time zones of
// pytz and python-dateutil (zones.go), and some types of NumPy and pandas make of their arguments. The value of any other object is what
// the frame says about it, by the first of these rules that applies:
//
//  1. an exception: the last line of its traceback, "module.Class: arguments", and its attributes, if it has any
//  2. a base value: what an instance of a subclass of str, int, list, dict, tuple … is without its class
//  3. the items that were added to it, as to a list or a dict
//  4. its arguments: a single one is the value (an enum, a frozendict), several are a list (a namedtuple, a range); if there are
//     attributes too, a dict of "args" and the attributes
//  5. its state: the attributes of a dataclass, of a SimpleNamespace, of any ordinary object
//  6. only its class: "<module.Class>", as for a class or a function that is named and not called
//
// The names are those of Python 3, whatever the protocol.
//
// # Bounds
//
// While the machine runs, each value costs at least a byte of the frame or a charge against the limit of values, so loops of
// copies do not pay off. A frame that breaks the machine's rules is an error, and nothing of it is returned.
//
// Then the result is resolved, counting shared values as often as they occur. An item of the outermost list or dict that is too large
// is replaced by a text that says so. Inside an item, a value that contains itself becomes "[...]" or "{...}" there, as in Python's
// repr, and a value that is nested too deep becomes a text that says so. Other items are not affected.
//
//	opcode.go        the opcodes; instructions.go and calls.go execute them
//	stack.go, memory.go, input.go    the machine's stack, its memo and values, the frame
//	object.go, classes.go, resolve.go, value.go    from what the pickle says to a plain value
//	append.go        writing
package pickle
