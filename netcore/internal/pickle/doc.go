// Package pickle is a bounded codec for Python's pickles: plain values out of a frame that anyone may have sent, and plain
// values into one. It executes nothing, and it knows nothing of what the values are for.
//
//	frame ─► input ─► opcodes ─► stack, memo ─► value, as it stands in the pickle ─► resolve ─► plain value
//	                     │                                                              │
//	                     └─ calls ─► classes: what a call of a known class makes        └─ object: what an unknown one holds
//
//	plain value ─► the Append functions ─► frame of protocol 1
//
// The contract in one sentence: [Decoder.Decode] returns within bounds of memory, depth and time that follow from the frame's
// length and MaxBytes, and either says why the frame is no pickle or returns a value that consists of the types below and
// contains itself nowhere.
//
//	Python                              Go
//	None, bool                          nil, bool
//	int                                 *int64, *big.Int beyond
//	float, complex                      *float64, complex128
//	str                                 *string, which may hold broken UTF-8: see Clean
//	bytes, bytearray                    []byte
//	Decimal                             Number if its digits are a number of JSON, *string else
//	aware datetime, timedelta           time.Time, time.Duration
//	naive datetime, date, time          *string, as isoformat writes it
//	list, tuple, set, deque, array      *List
//	NumPy's scalars and arrays          the same; datetime64 is a *string, as NumPy writes it, what is masked nil, a record a *Dict
//	pandas' Timestamp, Timedelta        as datetime, timedelta
//	dict, OrderedDict, Counter …        *Dict, in order; later keys hide earlier ones
//
// # Objects
//
// A pickle is a program for a stack machine: it names classes and functions, and calls them. The machine here calls no code of the pickle's. Of
// a few classes of the standard library (classes.go, datetime.go, array.go) and the time zones of pytz and python-dateutil (zones.go) it
// knows what they make of their arguments. Of any other object, what
// the frame says of it is its value, by the first of these rules that applies:
//
//  1. an exception is the text that ends its traceback, "module.Class: arguments", and its attributes, if it has any
//  2. the base value: what an instance of a subclass of str, int, list, dict, tuple … is without its class
//  3. the items that were added to it, as to a list or a dict
//  4. its arguments: one is the value (an enum's, a frozendict's), several are a list (a namedtuple's, a range's); attributes
//     beside them make a dict of "args" and the attributes
//  5. its state: the attributes of a dataclass, of a SimpleNamespace, of any ordinary object
//  6. its class alone is "<module.Class>", as is a class or a function that is named and not called
//
// The names are those of Python 3, whatever the protocol.
//
// # States of a frame
//
// While the machine runs, a value costs at least a byte of the frame or a charge against the limit of values, so that no loop of
// copies pays off. A frame that breaks the machine's rules is an error, and nothing of it is returned. What runs to its end is
// resolved: what is shared is counted as often as it occurs. An item of the outermost list or dict that is too large when written
// out is replaced by a text that says so; within an item, a value that contains itself is "[...]" or "{...}" where it does so
// (Python's repr does the same), and one that is nested too deep says that. The items beside it are not touched.
package pickle
