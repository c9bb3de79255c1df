package names

import "go.uber.org/zap/zapcore"

// level is an object or array inside a record. It is the marshaler that writes it under distinct names.
type level struct {
	renamer *renamer
	scope   scope // the encoders are set when it is marshaled
	object  zapcore.ObjectMarshaler
	array   zapcore.ArrayMarshaler
}

// open returns a level for the object or array whose key is r.key, and its name.
func (r *renamer) open(array bool) (l *level, name string) {
	if n := len(r.levels); n > 0 {
		l, r.levels = r.levels[n-1], r.levels[:n-1]
	} else {
		l = &level{renamer: r}
	}
	if r.scope.array { // the names in one element do not collide with those in another
		r.elements++
		id := r.rule.join(r.scope.id, "") + r.elements*0x2545f4914f6cdd1d
		l.scope = scope{path: id, id: id, array: array}
		return l, ""
	}
	want := object
	if array {
		want = leaf
	}
	name, path := r.choose(want)
	l.scope = scope{path: path, id: r.member(name), array: array}
	return l, name
}

// close keeps a level for reuse, and returns err.
func (r *renamer) close(l *level, err error) error {
	l.object, l.array = nil, nil
	r.levels = append(r.levels, l)
	return err
}

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (l *level) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	r := l.renamer
	outer, inner := r.scope, l.scope
	inner.obj = enc
	r.scope = inner
	err := r.walk.Level(l.object)
	r.scope = outer
	return err
}

// MarshalLogArray implements zapcore.ArrayMarshaler.
func (l *level) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	r := l.renamer
	outer, inner := r.scope, l.scope
	inner.arr = enc
	r.scope = inner
	err := l.array.MarshalLogArray(&r.walk)
	r.scope = outer
	return err
}
