package request

import (
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// Guard is a Formatter that refuses net/http's own log messages where a request for them would wait for itself, or provoke the next
// message.
//
// Package net/http writes to the standard library's logger when a server sends something unsolicited, and that logger may lead here
// (zap.RedirectStdLog, slog.SetDefault). It writes on the goroutine that reads from the connection, in HTTP/1 under a lock that every
// further request needs, so a request there would wait for itself. If the message goes through a queue, its request may provoke the
// next message.
type Guard struct {
	base.Formatter
	begun time.Time
	next  *atomic.Int64 // when another repeated message may pass, in nanoseconds after begun
}

// NewGuard returns a Guard for f.
func NewGuard(f base.Formatter) Guard { return Guard{f, time.Now(), new(atomic.Int64)} }

// readLoopMessages are net/http's messages on the goroutine that reads from a connection. Each request may provoke one of
// repeatedMessages.
var (
	repeatedMessages = []string{
		"Unsolicited response received",
		"http2: Transport received unsolicited",
		"Transport: unhandled response frame",
	}
	readLoopMessages = append([]string{"protocol error: received "}, repeatedMessages...)
)

const (
	messageStart  = 63 // bytes in which a message is searched for: a prefix may precede it
	repeatedEvery = 10 * time.Second
)

var (
	errReading = errors.New("httpcore: net/http says this on the goroutine that reads from a connection, where a request would wait " +
		"for itself: to have it, put a queue in front of the core")
	errRepeated = errors.New("httpcore: net/http says this after each request, so one in 10 s is sent")
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

// ofNetHTTP reports whether a message may be net/http's, and returns the part of it that decides. Nearly all other messages contain
// no capital T (as in Transport, HTTP, DATA or SETTINGS), which is cheaper to check.
func ofNetHTTP(text string) (begin string, is bool) {
	if strings.IndexByte(text[:min(len(text), 2*messageStart)], 'T') < 0 {
		return "", false
	}
	text = text[:min(len(text), messageStart)]
	return text, (strings.Contains(text, " received") || strings.Contains(text, " unhandled")) && among(readLoopMessages, text)
}

// RefuseBatch implements base.BatchRefuser. The batch of a buffer that such a message has filled may hold any records.
func (g Guard) RefuseBatch() error {
	if onReadLoop() {
		return errReading
	}
	return nil
}

func (g Guard) check(text string) error {
	if onReadLoop() {
		return errReading
	}
	if !among(repeatedMessages, text) {
		return nil
	}
	now, next := time.Since(g.begun), g.next.Load()
	if int64(now) < next || !g.next.CompareAndSwap(next, int64(now+repeatedEvery)) {
		return errRepeated
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

// onReadLoop reports whether this is a goroutine on which net/http reads from a connection, judging by the function that it began
// with.
func onReadLoop() bool {
	var pcs [256]uintptr
	n := runtime.Callers(2, pcs[:])
	if n < 2 || n == len(pcs) { // the last one is runtime.goexit
		return false
	}
	frame, _ := runtime.CallersFrames(pcs[n-2 : n-1]).Next()
	return strings.Contains(frame.Function, "eadLoop") &&
		(strings.HasPrefix(frame.Function, "net/http") || strings.HasPrefix(frame.Function, "golang.org/x/net/http2"))
}
