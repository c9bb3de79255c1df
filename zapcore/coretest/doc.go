// Package coretest checks that a zapcore.Core keeps zap's contract and this project's laws, as testing/slogtest does for slog
// handlers. Every core of this module runs it, and a core of your own can:
//
//	func TestCore(t *testing.T) {
//		coretest.Run(t, coretest.Harness{
//			New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
//				core, err := mycore.New(mycore.Config{
//					Level:   opts.Level,
//					OnError: opts.OnError,
//					Dial:    dst.Dial,
//					Timeout: dst.Deadline,
//				})
//				require.NoError(t, err)
//				return core
//			},
//		})
//	}
//
// A Destination is the other end. Each case makes it take records, fail, stall or write short. The core
// reaches it by Dial if it opens connections, by WriteSyncer if it writes to a file, or by Emitter if it is
// a Handler. A case that fails says which promise was broken.
package coretest
