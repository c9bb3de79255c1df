package queuecore

import (
	"reflect"
	"strconv"

	"go.uber.org/zap/zapcore"
)

var (
	cores = reflect.TypeFor[[]zapcore.Core]()
	// tee is the type of what zapcore.NewTee returns: a slice of Cores by another name.
	tee = reflect.TypeOf(zapcore.NewTee(zapcore.NewNopCore(), zapcore.NewNopCore()))
)

// flatten returns the targets with the members of a Tee in place of it, so that each has a place in the queue, a level
// and retries of its own, and a BatchWriter among them is seen.
func flatten(targets []TargetConfig) []TargetConfig {
	var flat []TargetConfig
	for _, t := range targets {
		if t.Core == nil || reflect.TypeOf(t.Core) != tee || !tee.ConvertibleTo(cores) {
			flat = append(flat, t)
			continue
		}
		for i, member := range reflect.ValueOf(t.Core).Convert(cores).Interface().([]zapcore.Core) {
			of := t
			of.Core = member
			if t.Name != "" {
				of.Name = t.Name + "." + strconv.Itoa(i)
			}
			flat = append(flat, flatten([]TargetConfig{of})...)
		}
	}
	return flat
}
