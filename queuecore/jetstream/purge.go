package jetstream

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// purgeRead removes what every cursor is done with, but for the last message of the stream, and reports whether that was anything. That of
// the given name, if there is one, is in the given place. What goes wrong is tried again with a later Ack.
func purgeRead(ctx context.Context, e *Engine, cursor string, at place) bool {
	places, err := e.cursors.all(ctx)
	e.mu.Lock()
	readers := len(e.readers)
	e.mu.Unlock()
	if err != nil || len(places) == 0 || len(places) < readers { // somebody has deleted some: what their readers need is not known
		return false
	}
	if _, known := places[cursor]; known {
		places[cursor] = at
	}
	info, err := e.records.Info(ctx)
	if err != nil || info.State.Msgs == 0 {
		return false
	}
	done := info.State.LastSeq
	for _, at := range places {
		if at = at.in(info.Created.UnixNano()); at.sequence > info.State.LastSeq { // the server has less than it had
			return false
		}
		done = min(done, at.sequence)
	}
	upTo := min(done+1, info.State.LastSeq) // what lies before it goes
	if upTo <= info.State.FirstSeq {
		return false
	}
	return e.records.Purge(ctx, jetstream.WithPurgeSequence(upTo)) == nil
}

// fullError adds to the error of a stream that is fullError for whom it is.
func fullError(ctx context.Context, e *Engine, err error) error {
	places, placesErr := e.cursors.all(ctx)
	if placesErr != nil || len(places) == 0 {
		return err
	}
	last := slices.MinFunc(slices.Collect(maps.Values(places)), func(a, b place) int { return cmp.Compare(a.number, b.number) })
	var names []string
	for name, at := range places {
		if at.number == last.number {
			names = append(names, strconv.Quote(name))
		}
	}
	slices.Sort(names)
	return fmt.Errorf("%w, for %s, which has not passed record %d", err, strings.Join(names, " and "), last.number+1)
}
