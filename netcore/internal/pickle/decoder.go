package pickle

import (
	"errors"
	"fmt"
)

// maxProtocol is the newest protocol of pickles, that of Python 3.8 to 3.15.
const maxProtocol = 5

var errEnds = errors.New("pickle ends too early")

// Decoder reads pickles of protocols 0 to 5. It is for one goroutine at a time and is used again for the next frame; of a dict
// of texts and numbers it allocates nothing.
type Decoder struct {
	// MaxBytes is how large a value may become when what is shared in it is written out. What goes beyond is replaced by a
	// text. Required.
	MaxBytes int

	in     input
	stack  stack
	memo   memo
	memory memory
}

// Decode reads one pickle. The value is valid until the frame changes or Release is called, which must be before the next
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

// Release ends the use of what Decode has returned.
func (d *Decoder) Release() {
	d.in = input{}
	d.stack.reset()
	d.memo.reset()
	d.memory.reset()
}
