package tees

import (
	"reflect"

	"go.uber.org/zap/zapcore"
)

var (
	cores = reflect.TypeFor[[]zapcore.Core]()
	tee   = reflect.TypeOf(zapcore.NewTee(zapcore.NewNopCore(), zapcore.NewNopCore()))
)

// Members returns the members of a Tee. ok is false for any other Core.
func Members(core zapcore.Core) (members []zapcore.Core, ok bool) {
	if core == nil || reflect.TypeOf(core) != tee || !tee.ConvertibleTo(cores) {
		return nil, false
	}
	return reflect.ValueOf(core).Convert(cores).Interface().([]zapcore.Core), true
}
