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
// A Destination is the other end. It takes records, or fails, or stalls, or writes short, as each case wants it; the core
// reaches it by whichever of its faces fits: Dial for what opens connections, WriteSyncer for what writes to a file, Emitter
// for a Handler. Each case says, where it fails, which promise was broken.
package coretest
