// Package tlshooks guards against the user's code in a tls.Config. Such code runs on goroutines that are not the caller's: those of a
// connection's reader, of a timer, of net/http. A panic there would end the program. It also runs while a core holds its lock, so code
// that logs, for instance because a certificate is renewed, would wait for that lock for ever.
//
//	tls.Config ── Guarded ──► a copy ──► await ──► a goroutine ──► the hook
//
// What a hook returns in time is left unchanged. A panic becomes an error that wraps a *zapcore.PanicError and fails the handshake; where
// no error can be returned it is ignored. A hook that does not return in time is left behind, and fails the handshake.
package tlshooks
