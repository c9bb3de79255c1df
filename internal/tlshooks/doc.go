// Package tlshooks guards against code that a tls.Config has of its user's. Such code runs on goroutines that are not the caller's: of a
// connection's reader, of a timer, of net/http. A panic there would end the program. And it runs while a core has its lock: code that logs,
// as where a certificate is renewed, would wait for that for ever.
//
//	tls.Config ── Guarded ──► a copy ──► await ──► a goroutine ──► the hook
//
// Its contract: what a hook returns in time is left as it is; a panic is an error that wraps a *zapcore.PanicError and fails the handshake,
// or, where there is nobody to return an error to, counts for nothing; and a hook that does not return in time is left behind, and fails
// the handshake.
package tlshooks
