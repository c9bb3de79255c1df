package gelf

import (
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"sync"
)

// compressor compresses one message at a time.
type compressor struct {
	out    buffer
	writer interface {
		io.WriteCloser
		Reset(io.Writer)
	}
}

// buffer is a Writer that appends to b.
type buffer struct{ b []byte }

func (b *buffer) Write(p []byte) (int, error) {
	b.b = append(b.b, p...)
	return len(p), nil
}

// compressors holds a pool for each kind of compression.
var compressors = map[string]*sync.Pool{
	"gzip": {New: func() any {
		w, _ := gzip.NewWriterLevel(nil, flate.BestSpeed) // the level exists
		return &compressor{writer: w}
	}},
	"zlib": {New: func() any {
		w, _ := zlib.NewWriterLevel(nil, flate.BestSpeed)
		return &compressor{writer: w}
	}},
}

// CheckCompression returns an error if kind is unknown.
func CheckCompression(kind string) error {
	if kind != "" && compressors[kind] == nil {
		return fmt.Errorf("%q is neither gzip nor zlib", kind)
	}
	return nil
}

// appendCompressed appends the compressed message to dst.
func appendCompressed(dst, message []byte, kind string) ([]byte, error) {
	pool := compressors[kind]
	c := pool.Get().(*compressor)
	defer pool.Put(c)
	c.out.b = dst
	c.writer.Reset(&c.out)
	_, err := c.writer.Write(message)
	if err == nil {
		err = c.writer.Close()
	}
	dst, c.out.b = c.out.b, nil
	return dst, err
}
