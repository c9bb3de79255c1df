// Package zapcore is the base every handler stands on.
package zapcore
