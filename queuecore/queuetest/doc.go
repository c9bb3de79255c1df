// Package queuetest is the conformance suite for engines of package queuecore: an engine that passes it does what
// NewHandler and NewListener rely on.
//
//	func TestEngine(t *testing.T) {
//		queuetest.Run(t, func(t *testing.T) queuecore.Queue { return open(t.TempDir()) })
//	}
package queuetest
