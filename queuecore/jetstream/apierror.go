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

// isConflict tells whether the stream has another end than expected.
func isConflict(err error) bool {
	return err != nil && hasCode(err, jetstream.JSErrCodeStreamWrongLastSequence)
}

// The codes of what there is no room for: in the stream ("maximum bytes exceeded"), in the server, in the account.
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

// isTooLarge tells whether a message is larger than the server takes, or the stream, of which somebody may have changed the MaxMsgSize.
func isTooLarge(err error) bool {
	return errors.Is(err, nats.ErrMaxPayload) || err != nil && hasCode(err, codeMessageSize)
}

func hasCode(err error, code jetstream.ErrorCode) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == code
}

// serverErrors is what a server has said that no call gets as its answer: what its client was not permitted to do, or that it is not let
// in. The call waits in vain.
type serverErrors struct{ last atomic.Pointer[serverError] }

type serverError struct {
	err error
	at  time.Time
}

// handle is a nats.ErrHandler in the place of the default one, which writes to stderr. Connections that end are no news: calls fail.
func (c *serverErrors) handle(_ *nats.Conn, _ *nats.Subscription, err error) {
	for _, told := range []error{
		nats.ErrPermissionViolation, nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired,
	} {
		if errors.Is(err, told) {
			c.last.Store(&serverError{err, time.Now()})
		}
	}
}

// withServerError adds to the error of a call, which waits for Timeout, what the servers have said meanwhile. What is older was of another.
func withServerError(e *Engine, err error) error {
	if errors.Is(err, nats.ErrReconnectBufExceeded) { // which is of a buffer that there is none of
		err = fmt.Errorf("no connection to a server (%w)", err)
	}
	if s := e.serverErrors.last.Swap(nil); s != nil && err != nil && time.Since(s.at) < 2*e.cfg.Timeout {
		return fmt.Errorf("%w: %w", s.err, err)
	}
	return err
}
