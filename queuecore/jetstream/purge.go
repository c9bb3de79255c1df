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

// purgeRead removes the messages that every cursor has passed, except the last one of the stream, and returns whether it removed any. The
// named cursor, if there is one, counts as being at that place. After a failure a later Ack tries again.
func purgeRead(ctx context.Context, e *Engine, cursor string, at place) bool {
	places, err := e.cursors.all(ctx)
	e.mu.Lock()
	readers := len(e.readers)
	e.mu.Unlock()
	if err != nil || len(places) == 0 || len(places) < readers { // with deleted cursors nobody knows what their readers need
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

// fullError adds to the error of a full stream the cursors for which it keeps its records.
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
