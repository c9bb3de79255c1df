package tape

import (
	"math"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"
)

// nodes is one level of a tape as a marshaler of zap: an ObjectMarshaler for an object, an ArrayMarshaler for an array.
type nodes struct{ Cursor }

func (n *nodes) MarshalLogObject(enc zapcore.ObjectEncoder) error { n.Replay(enc); return nil }
func (n *nodes) MarshalLogArray(enc zapcore.ArrayEncoder) error   { return n.replayElements(enc) }

// nodesPool saves replay an allocation for each object and array. An encoder does not use a marshaler after it returns.
var nodesPool = sync.Pool{New: func() any { return new(nodes) }}

func getNodes(c Cursor) *nodes {
	n := nodesPool.Get().(*nodes)
	n.Cursor = c
	return n
}

var (
	minUnixNano = time.Unix(0, math.MinInt64)
	maxUnixNano = time.Unix(0, math.MaxInt64)
)

// setTime does what zap.Time does.
func setTime(f *zapcore.Field, t time.Time) {
	if t.Before(minUnixNano) || t.After(maxUnixNano) {
		f.Type, f.Interface = zapcore.TimeFullType, t
		return
	}
	f.Type, f.Integer, f.Interface = zapcore.TimeType, t.UnixNano(), t.Location()
}
