package jetstream

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// place is how far a cursor is: its reader is done with the records up to number, and with the messages up to sequence.
type place struct {
	number   uint64
	sequence uint64
}

// cursorStore is the stream of cursors: one message each, the last.
type cursorStore struct {
	js      jetstream.JetStream
	stream  jetstream.Stream
	subject string // of a cursor, but for its name
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,120}$`)

// token makes a name what a subject may hold: no dots, no blanks, no wildcards.
func token(name string) string {
	if plainName.MatchString(name) {
		return "n-" + name
	}
	return "x-" + hex.EncodeToString([]byte(name))
}

// get returns the place of a cursor, and whether it is known.
func (c *cursorStore) get(ctx context.Context, name string) (place, bool, error) {
	msg, err := c.stream.GetLastMsgForSubject(ctx, c.subject+token(name))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return place{}, false, nil
	}
	if err != nil {
		return place{}, false, fmt.Errorf("jetstream: cursor %q: %w", name, err)
	}
	at, err := parsePlace(msg.Data)
	return at, err == nil, err
}

func (c *cursorStore) put(ctx context.Context, name string, at place) error {
	_, err := c.js.Publish(ctx, c.subject+token(name), fmt.Appendf(nil, "%d %d", at.number, at.sequence))
	if err != nil {
		return fmt.Errorf("jetstream: cursor %q: %w", name, err)
	}
	return nil
}

func parsePlace(data []byte) (at place, err error) {
	if _, err := fmt.Sscanf(string(data), "%d %d", &at.number, &at.sequence); err != nil {
		return place{}, fmt.Errorf("jetstream: a cursor of %q", data)
	}
	return at, nil
}

// all returns the places of all cursors, of whichever process.
func (c *cursorStore) all(ctx context.Context) ([]place, error) {
	info, err := c.stream.Info(ctx, jetstream.WithSubjectFilter(c.subject+"*"))
	if err != nil {
		return nil, err
	}
	var places []place
	for subject := range info.State.Subjects {
		msg, err := c.stream.GetLastMsgForSubject(ctx, subject)
		if err != nil {
			return nil, err
		}
		at, err := parsePlace(msg.Data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.TrimPrefix(subject, c.subject), err)
		}
		places = append(places, at)
	}
	return places, nil
}

// highest returns the number of the last record that any cursor is done with.
func (c *cursorStore) highest(ctx context.Context) (number uint64, err error) {
	places, err := c.all(ctx)
	for _, at := range places {
		number = max(number, at.number)
	}
	return number, err
}
