package request

import (
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// Guard is a Formatter behind which no record of net/http's own waits for net/http, or makes another of its kind. Package net/http tells
// the standard library's logger when a server sends what it was not asked for, and that logger may lead here (zap.RedirectStdLog,
// slog.SetDefault). It does so on the goroutine that reads from the connection, of HTTP/1 with a lock that every further request
// needs: a request there would wait for itself. And where such a message goes by way of a queue, the request that it makes may bring the
// next one.
type Guard struct {
	base.Formatter
	begun time.Time
	next  *atomic.Int64 // how long after that another message that a request may bring may pass, in nanoseconds
}

// NewGuard returns a Guard before f.
func NewGuard(f base.Formatter) Guard { return Guard{f, time.Now(), new(atomic.Int64)} }

// brought are the messages that a request may bring, each time; said are those of the goroutine that reads.
var (
	brought = []string{
		"Unsolicited response received",
		"http2: Transport received unsolicited",
		"Transport: unhandled response frame",
	}
	said = append([]string{"protocol error: received "}, brought...)
)

const (
	saidWithin   = 63 // bytes of a message that they are looked for in, at the cost of an instruction: a prefix may stand before them
	broughtEvery = 10 * time.Second
)

var (
	errReading = errors.New("httpcore: net/http says this on the goroutine that reads from a connection, where a request would wait " +
		"for itself: to have it, put a queue in front of the core")
	errBrought = errors.New("httpcore: net/http says this after each request, so one in 10 s is sent")
)

// Append implements base.Formatter.
func (g Guard) Append(dst []byte, r *base.Record) ([]byte, error) {
	if text, is := ofNetHTTP(r.Message()); is {
		if err := g.check(text); err != nil {
			return dst, err
		}
	}
	return g.Formatter.Append(dst, r)
}

// ofNetHTTP tells whether a message may be one of net/http's, and returns as much of it as that takes. Nearly all others have no capital T
// (of Transport, HTTP, DATA or SETTINGS), which costs less to see.
func ofNetHTTP(text string) (begin string, is bool) {
	if strings.IndexByte(text[:min(len(text), 2*saidWithin)], 'T') < 0 {
		return "", false
	}
	text = text[:min(len(text), saidWithin)]
	return text, (strings.Contains(text, " received") || strings.Contains(text, " unhandled")) && among(said, text)
}

// RefuseBatch implements base.BatchRefuser. A batch may hold others' records, as that of a buffer which such a message has filled.
func (g Guard) RefuseBatch() error {
	if reading() {
		return errReading
	}
	return nil
}

func (g Guard) check(text string) error {
	if reading() {
		return errReading
	}
	if !among(brought, text) {
		return nil
	}
	now, next := time.Since(g.begun), g.next.Load()
	if int64(now) < next || !g.next.CompareAndSwap(next, int64(now+broughtEvery)) {
		return errBrought
	}
	return nil
}

func among(words []string, text string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// reading tells whether this is a goroutine on which net/http reads from a connection. The function that it began with says so.
func reading() bool {
	var pcs [256]uintptr
	n := runtime.Callers(2, pcs[:])
	if n < 2 || n == len(pcs) { // the last one is runtime.goexit
		return false
	}
	frame, _ := runtime.CallersFrames(pcs[n-2 : n-1]).Next()
	return strings.Contains(frame.Function, "eadLoop") &&
		(strings.HasPrefix(frame.Function, "net/http") || strings.HasPrefix(frame.Function, "golang.org/x/net/http2"))
}
