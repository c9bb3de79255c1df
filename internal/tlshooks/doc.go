// Package tlshooks makes errors of the panics of code that a tls.Config has of its user's. Such code runs on goroutines that are not the
// caller's: of a connection's reader, of a timer, of net/http. A panic there would end the program.
//
//	tls.Config ── Guarded ──► a copy, each hook of which is called through call
//
// Its contract: what a hook returns is left as it is, a panic is an error that wraps a *zapcore.PanicError and fails the handshake, or, where
// there is nobody to return an error to, counts for nothing.
package tlshooks
