package jetstream

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// What the errors of a server mean.

// isConflict tells whether the stream has another end than expected.
func isConflict(err error) bool {
	return err != nil && hasCode(err, jetstream.JSErrCodeStreamWrongLastSequence)
}

const codeStoreFailed = 10077 // with "maximum bytes exceeded"

func isFull(err error) bool {
	return err != nil && hasCode(err, codeStoreFailed)
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

// complaint is what a server has said that no call gets as its answer: what its client was not permitted to do. The call waits in vain.
type complaint struct{ last atomic.Pointer[error] }

// hear is a nats.ErrHandler in the place of the default one, which writes to stderr. Connections that end are no news: calls fail.
func (c *complaint) hear(_ *nats.Conn, _ *nats.Subscription, err error) {
	if errors.Is(err, nats.ErrPermissionViolation) {
		c.last.Store(&err)
	}
}

// because adds to the error of a call what the server has said meanwhile.
func (c *complaint) because(err error) error {
	if said := c.last.Swap(nil); said != nil && err != nil {
		return fmt.Errorf("%w: %w", *said, err)
	}
	return err
}
