package jetstream

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// What the errors of a server mean.

// isConflict reports whether the stream did not end where expected: another process has appended.
func isConflict(err error) bool {
	return err != nil && hasCode(err, jetstream.JSErrCodeStreamWrongLastSequence)
}

// Error codes for lack of room: in the stream ("maximum bytes exceeded"), in the server, in the account.
const (
	codeStoreFailed  = 10077
	codeServerFull   = 10023
	codeAccountFull  = 10002
	codeResourceFull = 10047
)

func isFull(err error) bool {
	for _, code := range []jetstream.ErrorCode{codeStoreFailed, codeServerFull, codeAccountFull, codeResourceFull} {
		if err != nil && hasCode(err, code) {
			return true
		}
	}
	return false
}

const codeMessageSize = 10054

// isTooLarge reports whether a message is larger than the server takes, or than the MaxMsgSize of the stream, which somebody may have set.
func isTooLarge(err error) bool {
	return errors.Is(err, nats.ErrMaxPayload) || err != nil && hasCode(err, codeMessageSize)
}

func hasCode(err error, code jetstream.ErrorCode) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == code
}

// serverErrors keeps the last error that a server sent without answering a call: the client is not permitted to do something, or to
// connect. The call gets no answer and times out.
type serverErrors struct{ last atomic.Pointer[serverError] }

type serverError struct {
	err error
	at  time.Time
}

// handle is a nats.ErrHandler that replaces the default one, which writes to stderr. It ignores errors of a lost connection: calls return
// those.
func (c *serverErrors) handle(_ *nats.Conn, _ *nats.Subscription, err error) {
	for _, kept := range []error{
		nats.ErrPermissionViolation, nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired,
	} {
		if errors.Is(err, kept) {
			c.last.Store(&serverError{err, time.Now()})
		}
	}
}

// withServerError adds the last server error to the error of a call. It ignores one that is too old to belong to this call, which waits
// for Timeout at most.
func withServerError(e *Engine, err error) error {
	if errors.Is(err, nats.ErrReconnectBufExceeded) { // its text speaks of a buffer that is turned off
		err = fmt.Errorf("no connection to a server (%w)", err)
	}
	if s := e.serverErrors.last.Swap(nil); s != nil && err != nil && time.Since(s.at) < 2*e.cfg.Timeout {
		return fmt.Errorf("%w: %w", s.err, err)
	}
	return err
}
