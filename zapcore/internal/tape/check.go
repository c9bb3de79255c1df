package tape

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// Check checks all of a tape, which may come from anywhere, so that a Cursor can walk it without checks. It allocates
// nothing. An error names the first byte that makes no sense.
func Check(tape []byte) error {
	if len(tape) > MaxSize {
		return ErrTooLong
	}
	c := checker{b: tape}
	return c.record()
}

// checker reads a tape like a Cursor, with all checks.
type checker struct {
	b  []byte
	at int
}

func (c *checker) fail(what string, args ...any) error {
	return &tapeError{at: c.at, what: fmt.Sprintf(what, args...)}
}

func (c *checker) skip(n int) error {
	if len(c.b)-c.at < n {
		return c.fail("ends too early")
	}
	c.at += n
	return nil
}

func (c *checker) text() ([]byte, error) {
	if err := c.skip(1); err != nil {
		return nil, err
	}
	n := int64(c.b[c.at-1])
	if n == longText {
		if err := c.skip(lengthSize); err != nil {
			return nil, err
		}
		n = int64(binary.LittleEndian.Uint32(c.b[c.at-lengthSize:]))
	}
	if n > int64(len(c.b)-c.at) {
		return nil, c.fail("a text of %d bytes where %d are left", n, len(c.b)-c.at)
	}
	start := c.at
	c.at += int(n)
	return c.b[start:c.at], nil
}

func (c *checker) skipText() error {
	_, err := c.text()
	return err
}

func (c *checker) record() error {
	if len(c.b) <= timeAt {
		return c.fail("ends too early")
	}
	if v := c.b[0]; v != version {
		return c.fail("format version %d, this program reads %d", v, version)
	}
	flags := c.b[flagsAt]
	if flags&^knownFlags != 0 {
		c.at = flagsAt
		return c.fail("unknown flags %#x", flags)
	}
	c.at = timeAt
	if err := c.entry(flags); err != nil {
		return err
	}
	return c.nodes(0, true)
}

func (c *checker) entry(flags byte) error {
	if err := c.time(); err != nil {
		return err
	}
	if flags&flagZone != 0 {
		if err := c.zone(); err != nil {
			return err
		}
	}
	if flags&flagName != 0 {
		if err := c.skipText(); err != nil {
			return err
		}
	}
	if err := c.skipText(); err != nil {
		return err
	}
	if flags&flagCaller != 0 {
		if err := c.caller(); err != nil {
			return err
		}
	}
	if flags&flagStack != 0 {
		return c.skipText()
	}
	return nil
}

func (c *checker) caller() error {
	if err := c.skipText(); err != nil {
		return err
	}
	if err := c.skip(8); err != nil {
		return err
	}
	return c.skipText()
}

func (c *checker) time() error {
	if err := c.skip(timeSize); err != nil {
		return err
	}
	if nsec := binary.LittleEndian.Uint32(c.b[c.at-4:]); nsec >= 1e9 {
		return c.fail("%d nanoseconds in a second", nsec)
	}
	return nil
}

// zone accepts any offset and any name, as time.FixedZone does. Names are made safe when they are printed, see printable.
func (c *checker) zone() error {
	if err := c.skip(zoneFixed); err != nil {
		return err
	}
	return c.skipText()
}

// nodes checks one level, to its end.
func (c *checker) nodes(depth int, keyed bool) error {
	if depth > maxDepth {
		return c.fail("nested deeper than %d", maxDepth)
	}
	for c.at < len(c.b) {
		t := c.b[c.at]
		if t == TagInvalid || t >= TagCount || !keyed && (t == TagNamespace || t == TagBinary) {
			return c.fail("unknown tag %d", t)
		}
		c.at++
		if keyed {
			if err := c.skipText(); err != nil {
				return err
			}
		}
		if err := c.value(t, depth); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) value(t Tag, depth int) error {
	if size := fixedSize[t]; size >= 0 {
		if t == TagTimeUTC {
			return c.time()
		}
		return c.skip(int(size))
	}
	switch t {
	case TagTime:
		if err := c.time(); err != nil {
			return err
		}
		return c.zone()
	case TagObject, TagArray:
		return c.nest(depth, t == TagObject)
	case TagTypedError:
		if err := c.skipText(); err != nil {
			return err
		}
		return c.skipText()
	case TagJSON:
		text, err := c.text()
		if err != nil {
			return err
		}
		if !json.Valid(text) {
			return c.fail("a reflected value is not JSON")
		}
		return nil
	default:
		return c.skipText()
	}
}

func (c *checker) nest(depth int, keyed bool) error {
	if err := c.skip(lengthSize); err != nil {
		return err
	}
	n := int64(binary.LittleEndian.Uint32(c.b[c.at-lengthSize:]))
	if n > int64(len(c.b)-c.at) {
		return c.fail("a nested value of %d bytes where %d are left", n, len(c.b)-c.at)
	}
	end := c.at + int(n)
	sub := checker{b: c.b[:end], at: c.at}
	if err := sub.nodes(depth+1, keyed); err != nil {
		return err
	}
	c.at = end
	return nil
}
