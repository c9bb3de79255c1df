package jetstream

import (
	"errors"

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
