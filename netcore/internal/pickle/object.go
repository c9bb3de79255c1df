package pickle

import "strings"

// global is a class or a function, by name.
type global struct {
	module, name string
	text         Text // made when it is asked for
}

// name is the name of a global, as the tables have it.
type name struct{ module, name string }

func (g *global) key() name { return name{g.module, g.name} }

// shown returns the value of a global that is named and not called.
func (g *global) shown() Text {
	if g.text == nil {
		g.text = newText(Clean("<" + g.module + "." + g.name + ">"))
	}
	return g.text
}

// renamed are the names that Python 3 writes otherwise in protocols 0 to 2, and those that were elsewhere for a version.
var renamed = map[name]name{
	{"__builtin__", "unicode"}:       {"builtins", "str"},
	{"__builtin__", "long"}:          {"builtins", "int"},
	{"__builtin__", "xrange"}:        {"builtins", "range"},
	{"UserDict", "IterableUserDict"}: {"collections", "UserDict"},
	{"UserList", "UserList"}:         {"collections", "UserList"},
	{"UserString", "UserString"}:     {"collections", "UserString"},
	{"_decimal", "Decimal"}:          {"decimal", "Decimal"},

	{"urllib", "ContentTooShortError"}:         {"urllib.error", "ContentTooShortError"},
	{"urllib2", "HTTPError"}:                   {"urllib.error", "HTTPError"},
	{"urllib2", "URLError"}:                    {"urllib.error", "URLError"},
	{"multiprocessing", "AuthenticationError"}: {"multiprocessing.context", "AuthenticationError"},
	{"multiprocessing", "BufferTooShort"}:      {"multiprocessing.context", "BufferTooShort"},
	{"multiprocessing", "ProcessError"}:        {"multiprocessing.context", "ProcessError"},
	{"multiprocessing", "TimeoutError"}:        {"multiprocessing.context", "TimeoutError"},
}

var renamedModules = map[string]string{
	"__builtin__": "builtins", "exceptions": "builtins", "copy_reg": "copyreg", "pathlib._local": "pathlib", "_abcoll": "collections.abc",
	"Queue": "queue", "SocketServer": "socketserver", "ConfigParser": "configparser", "commands": "subprocess", "httplib": "http.client",
	"Cookie": "http.cookies", "cookielib": "http.cookiejar", "BaseHTTPServer": "http.server", "HTMLParser": "html.parser",
	"xmlrpclib": "xmlrpc.client", "SimpleXMLRPCServer": "xmlrpc.server", "urlparse": "urllib.parse", "urllib2": "urllib.request",
	"_winreg": "winreg", "thread": "_thread", "numpy._core.multiarray": "numpy.core.multiarray", "numpy._core.numeric": "numpy.core.numeric",
}

// newName returns Python 3's name for a global.
func newName(module, n string) (string, string) {
	if to, ok := renamed[name{module, n}]; ok {
		return to.module, to.name
	}
	if to, ok := renamedModules[module]; ok {
		return to, n
	}
	return module, n
}

// object is an instance of a class without a builder: what the pickle says about it. The package comment has the rules for its value.
type object struct {
	class *global
	args  []any
	base  any   // its value without its class, if based
	items []any // added as to a list
	pairs []any // added as to a dict
	state any   // nil if there is none
	based bool
	isNew bool // made by its class's __new__, whose arguments are the base value

	open     bool // it is being resolved
	resolved bool
	plain    any // its value once resolved
}

// newObject returns the result of a call of an unknown class or function.
func newObject(class *global, c call) *object {
	o := &object{class: class, args: c.args, isNew: c.new}
	if c.named != nil && len(c.named.Items) > 0 {
		o.state, o.isNew = c.named, false // a single argument is not the whole value
	}
	of, ok := pointed[global](c.args, 0)
	if !ok || class.module != "copyreg" {
		return o
	}
	switch class.name {
	case "_reconstructor": // class, base class, base value
		if base, _ := pointed[global](c.args, 1); len(c.args) == 3 && base.key() != (name{"builtins", "object"}) {
			bare, isObject := c.args[2].(*object) // an instance of a base class that holds nothing, such as tzinfo
			o.base, o.based = c.args[2], !isObject || bare.holds()
		}
		o.class, o.args = &of, nil
	case "__newobj__": // class, arguments
		o.class, o.args, o.isNew = &of, c.args[1:], true
	}
	return o
}

// holds reports whether an object has more than its class.
func (o *object) holds() bool {
	return o.based || len(o.args)+len(o.items)+len(o.pairs) > 0 || o.state != nil
}

// called returns the result of calling the result of a call. Protocols 2 and 3 do this for objects whose __new__ has keyword
// arguments.
func (o *object) called(c call) *object {
	if partial, ok := o.state.(*List); ok && o.class.key() == (name{"functools", "partial"}) && len(partial.Items) >= 3 {
		args, _ := partial.Items[1].(*List)
		named, _ := partial.Items[2].(*Dict)
		if args != nil && len(args.Items) > 0 {
			if class, ok := args.Items[0].(*global); ok {
				return newObject(class, call{args: args.Items[1:], named: named, new: true})
			}
		}
	}
	if len(c.args) == 0 {
		return o
	}
	return &object{class: o.class, args: c.args}
}

// value returns the plain value of an object whose parts are resolved.
func (o *object) value() any {
	state := attributes(o.state)
	if special := specials[o.class.key()]; special != nil {
		if v, ok := special(state); ok {
			return v
		}
	}
	switch {
	case o.isException():
		return o.exception(state)
	case o.based:
		return o.base
	case len(o.pairs) > 0:
		return &Dict{Items: o.pairs}
	case len(o.items) > 0:
		return &List{Items: o.items}
	case o.isNew && len(o.args) == 1:
		return o.args[0]
	case len(o.args) > 0 && state != nil:
		return &Dict{Items: append([]any{argsKey, o.arguments()}, state.Items...)}
	case len(o.args) > 0:
		return o.arguments()
	case state != nil:
		return state
	case o.state != nil:
		return o.state
	}
	return o.class.shown()
}

var argsKey = newText("args")

func (o *object) arguments() any {
	if len(o.args) == 1 {
		return o.args[0]
	}
	return &List{Items: o.args, tuple: true}
}

// attributes returns the attributes in the state of an ordinary object, including its slots; nil if there are none.
func attributes(state any) *Dict {
	switch s := state.(type) {
	case *Dict:
		if len(s.Items) > 0 {
			return s
		}
	case *List:
		if len(s.Items) != 2 || !s.tuple {
			return nil
		}
		slots, ok := s.Items[1].(*Dict)
		if !ok {
			return nil
		}
		switch own := s.Items[0].(type) {
		case nil:
			return attributes(slots)
		case *Dict:
			return attributes(&Dict{Items: append(own.Items[:len(own.Items):len(own.Items)], slots.Items...)})
		}
	}
	return nil
}

// isException reports whether o is an exception, judging by its class's name.
func (o *object) isException() bool {
	if o.isNew || o.based || len(o.items)+len(o.pairs) > 0 {
		return false
	}
	ends := []string{"Error", "Exception", "Warning"}
	if o.class.module == "builtins" {
		ends = append(ends, "Exit", "Interrupt", "Iteration", "Group")
	}
	for _, end := range ends {
		if strings.HasSuffix(o.class.name, end) {
			return true
		}
	}
	return false
}

// exception returns the last line of an exception's traceback, followed by its attributes.
func (o *object) exception(state *Dict) Text {
	var b []byte
	if m := o.class.module; m != "builtins" && m != "__main__" {
		b = append(append(b, m...), '.')
	}
	b = append(b, o.class.name...)
	for i, arg := range o.args {
		separator := ": "
		if i > 0 {
			separator = ", "
		}
		b = append(append(b, separator...), String(arg)...)
	}
	if state != nil {
		b = appendText(append(b, ' '), state)
	}
	return newText(Clean(string(b)))
}

// specials are the classes whose value is in an attribute.
var specials = map[name]func(state *Dict) (any, bool){
	{"uuid", "UUID"}:              uuidOf,
	{"collections", "UserDict"}:   dataOf,
	{"collections", "UserList"}:   dataOf,
	{"collections", "UserString"}: dataOf,
}

func dataOf(state *Dict) (any, bool) { return state.get("data") }

// get returns the value under a key that is a text.
func (d *Dict) get(key string) (any, bool) {
	if d == nil {
		return nil, false
	}
	for i := 0; i < len(d.Items); i += 2 {
		if k, ok := d.Items[i].(Text); ok && *k == key {
			return d.Items[i+1], true
		}
	}
	return nil, false
}
