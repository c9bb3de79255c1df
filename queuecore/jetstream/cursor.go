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
	created  int64 // when the stream was made in which sequence is, in nanoseconds of Unix time
}

// in returns the place in the stream that was created at that time. If that is not the stream of at, its sequence is 0, before the first.
func (at place) in(born int64) place {
	if at.created != born {
		at.sequence, at.created = 0, born
	}
	return at
}

// cursorStore is the stream of cursors, which keeps the last message of each.
type cursorStore struct {
	js      jetstream.JetStream
	stream  jetstream.Stream
	subject string // of a cursor, without its name
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,120}$`)

// token encodes a name for a subject, which may hold no dots, blanks or wildcards.
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
	at, known := parsePlace(msg.Data)
	return at, known, nil // a message of another program is no cursor
}

func (c *cursorStore) put(ctx context.Context, name string, at place) error {
	_, err := c.js.Publish(ctx, c.subject+token(name), fmt.Appendf(nil, "%d %d %d", at.number, at.sequence, at.created))
	if err != nil {
		return fmt.Errorf("jetstream: cursor %q: %w", name, err)
	}
	return nil
}

// remove removes a cursor.
func (c *cursorStore) remove(ctx context.Context, name string) error {
	err := c.stream.Purge(ctx, jetstream.WithPurgeSubject(c.subject+token(name)))
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("jetstream: cursor %q: %w", name, err)
	}
	return nil
}

func parsePlace(data []byte) (at place, ok bool) {
	_, err := fmt.Sscanf(string(data), "%d %d %d", &at.number, &at.sequence, &at.created)
	if err != nil || at.number > lastPlausible || at.sequence > lastPlausible {
		return place{}, false
	}
	return at, true
}

// name is the reverse of token.
func name(token string) string {
	if digits, ok := strings.CutPrefix(token, "x-"); ok {
		if b, err := hex.DecodeString(digits); err == nil {
			return string(b)
		}
	}
	return strings.TrimPrefix(token, "n-")
}

// all returns the places of all cursors, of every process, by name.
func (c *cursorStore) all(ctx context.Context) (map[string]place, error) {
	info, err := c.stream.Info(ctx, jetstream.WithSubjectFilter(c.subject+"*"))
	if err != nil {
		return nil, err
	}
	places := make(map[string]place)
	for subject := range info.State.Subjects {
		msg, err := c.stream.GetLastMsgForSubject(ctx, subject)
		if err != nil {
			return nil, err
		}
		at, _ := parsePlace(msg.Data)
		places[name(strings.TrimPrefix(subject, c.subject))] = at
	}
	return places, nil
}

// highest returns the highest number that any cursor has acknowledged.
func (c *cursorStore) highest(ctx context.Context) (number uint64, err error) {
	places, err := c.all(ctx)
	if errors.Is(err, jetstream.ErrStreamNotFound) { // somebody has deleted it
		return 0, nil
	}
	for _, at := range places {
		number = max(number, at.number)
	}
	return number, err
}
