package writesyncers

import (
	"errors"
	"fmt"
)

// rotation is what the Configs of the rotating files have in common.
type rotation struct {
	maxBytes    int64
	backupCount int
	rotator     func(src, dst string) error
	should      func(size int64, n int) bool
	onRotate    func(path, backup string)
	compress    string
	keep        retention
	names       func(path string) naming // nil: never rotates
	times       *timetable               // nil: by size only
}

func (c *rotation) check() error {
	switch {
	case c.maxBytes < 0:
		return fmt.Errorf("writesyncers: MaxBytes %d is negative", c.maxBytes)
	case c.backupCount < -1:
		return fmt.Errorf("writesyncers: BackupCount %d is less than -1", c.backupCount)
	case c.keep.maxAge < 0:
		return fmt.Errorf("writesyncers: MaxAge %v is negative", c.keep.maxAge)
	case c.keep.maxTotal < 0:
		return fmt.Errorf("writesyncers: MaxTotalBytes %d is negative", c.keep.maxTotal)
	case c.compress != "" && c.compress != Gzip:
		return fmt.Errorf("writesyncers: Compress %q is unknown", c.compress)
	}
	return nil
}

// newRotatingSink makes the writer of a file that rotates, unless its path is no file.
func newRotatingSink(o options, c rotation) (*sink, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.shared && !canShare {
		return nil, fmt.Errorf("writesyncers: Shared: %w on this system", errors.ErrUnsupported)
	}
	if device(o.path) || c.names == nil {
		o.shared = false // there is nothing to agree upon
		return newSink(o, nil)
	}
	if o.path, err = target(o.path); err != nil {
		return nil, err
	}
	return newSink(o, c.roller(o.path))
}

func (c *rotation) roller(path string) *roller {
	r := newRoller(path, c.maxBytes)
	r.names = c.names(path)
	r.rotator, r.should, r.onRotate = c.rotator, c.should, c.onRotate
	r.compress, r.keep = c.compress != "", c.keep
	r.times = c.times
	r.always = c.should != nil || c.times != nil && c.times.clock != nil
	return r
}
