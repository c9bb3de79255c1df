package eventlog

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What fakeWindows says.
var (
	errStaleHandle = errors.New("fake: the handle is invalid")
	errTooLarge    = errors.New("fake: the array bounds are invalid")
)

// fakeWindows is Windows as far as this package sees it. Its fields are set before it is used, or with its lock.
type fakeWindows struct {
	write func(ev *event) error // what becomes of an event; nil keeps it in events

	mu         sync.Mutex // guards the fields below
	keys       map[string]map[string]registration
	denied     error  // for whoever changes the registry
	unreadable string // a log that may not be read
	openErr    error
	closeErr   error
	next       handle
	valid      map[handle]string // the sources of the handles that are open
	opens      int
	events     []event
}

// newFakeWindows returns one that has three logs, and these sources in Application.
func newFakeWindows(sources ...string) *fakeWindows {
	f := &fakeWindows{
		keys:  map[string]map[string]registration{"Application": {}, "Security": {}, "System": {}},
		valid: make(map[handle]string),
	}
	for _, s := range sources {
		f.keys["Application"][s] = registration{EventMessageFile: eventCreate, TypesSupported: 7, CustomSource: 1}
	}
	return f
}

// restart makes every handle invalid, as a restart of the log service does.
func (f *fakeWindows) restart() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.valid)
}

// set changes f while it is in use.
func (f *fakeWindows) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakeWindows) written() []event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.events)
}

// handles returns how many are open.
func (f *fakeWindows) handles() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.valid)
}

func (f *fakeWindows) open(source string) (handle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opens++
	if f.openErr != nil {
		return 0, f.openErr
	}
	f.next++
	f.valid[f.next] = source
	return f.next, nil
}

func (f *fakeWindows) report(h handle, ev *event) error {
	f.mu.Lock()
	_, ok := f.valid[h]
	if ok && f.write == nil {
		f.events = append(f.events, clone(ev))
	}
	f.mu.Unlock()
	switch {
	case !ok:
		return errStaleHandle
	case f.write != nil:
		return f.write(ev)
	}
	return nil
}

func clone(ev *event) event {
	c := *ev
	c.data, c.text, c.starts = slices.Clone(ev.data), slices.Clone(ev.text), slices.Clone(ev.starts)
	return c
}

func (f *fakeWindows) close(h handle) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.valid[h]; !ok {
		return errStaleHandle
	}
	delete(f.valid, h)
	return f.closeErr
}

func (f *fakeWindows) rejects(err error) bool { return errors.Is(err, errTooLarge) }

func (f *fakeWindows) sid(account string) ([]byte, error) {
	if strings.HasPrefix(account, "S-1-") {
		return []byte(account), nil
	}
	return nil, fs.ErrNotExist
}

func (f *fakeWindows) logs() ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.keys)), nil
}

func (f *fakeWindows) lookUp(log, source string) (registration, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if log == f.unreadable {
		return registration{}, fs.ErrPermission
	}
	r, ok := f.keys[log][source]
	if !ok {
		return r, fs.ErrNotExist
	}
	return r, nil
}

func (f *fakeWindows) register(log, source string, r registration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.denied != nil {
		return f.denied
	}
	if f.keys[log] == nil {
		f.keys[log] = make(map[string]registration)
	}
	f.keys[log][source] = r
	return nil
}

func (f *fakeWindows) unregister(log, source string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.denied != nil {
		return f.denied
	}
	delete(f.keys[log], source)
	return nil
}

// list returns the strings of an event, and fails if one of them is not UTF-16, or has what must not be in it.
func list(t require.TestingT, ev *event) []string {
	var out []string
	for i, at := range ev.starts {
		end := len(ev.text)
		if i+1 < len(ev.starts) {
			end = ev.starts[i+1]
		}
		units := ev.text[at:end]
		require.NotEmpty(t, units)
		require.Zero(t, units[len(units)-1], "a string ends with NUL")
		units = units[:len(units)-1]
		require.NotContains(t, units, uint16(0), "and has no other")
		out = append(out, string(utf16.Decode(units)))
		assert.Equal(t, units, utf16.Encode([]rune(out[i])), "it is UTF-16 without half a pair")
	}
	return out
}

// appendUTF8 appends the strings of an event to dst, and allocates nothing else.
func appendUTF8(dst []byte, ev *event) []byte {
	for i := 0; i < len(ev.text); i++ {
		r := rune(ev.text[i])
		if utf16.IsSurrogate(r) && i+1 < len(ev.text) {
			i++
			r = utf16.DecodeRune(r, rune(ev.text[i]))
		}
		dst = utf8.AppendRune(dst, cmp.Or(r, '\n'))
	}
	return dst
}
