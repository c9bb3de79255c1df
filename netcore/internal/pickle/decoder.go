package pickle

import (
	"errors"
	"fmt"
)

// maxProtocol is the newest protocol, that of Python 3.8 to 3.15.
const maxProtocol = 5

var errEnds = errors.New("pickle ends too early")

// Decoder reads pickles of protocols 0 to 5. It is reused for many frames, by one goroutine at a time. For a dict of texts and
// numbers it allocates nothing.
type Decoder struct {
	// MaxBytes is the largest size of a value when everything shared in it is written out. Items beyond it are replaced by a text.
	// Required.
	MaxBytes int

	in     input
	stack  stack
	memo   memo
	memory memory
}

// Decode reads one pickle. The value is valid until the frame changes or Release is called. Release must be called before the next
// Decode.
func (d *Decoder) Decode(frame []byte) (any, error) {
	d.in = input{b: frame}
	for {
		op, err := d.in.byte()
		if err != nil {
			return nil, err
		}
		if op == opStop {
			break
		}
		if err := d.step(op); err != nil {
			return nil, fmt.Errorf("%w, at byte %d", err, d.in.at)
		}
	}
	v, err := d.stack.pop()
	if err != nil {
		return nil, err
	}
	return newResolver(d.MaxBytes).outermost(v), nil
}

// Release frees what Decode has returned.
func (d *Decoder) Release() {
	d.in = input{}
	d.stack.reset()
	d.memo.reset()
	d.memory.reset()
}
