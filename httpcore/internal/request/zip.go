package request

import (
	"bytes"
	"compress/gzip"
)

// GzipFrom is the smallest body, in bytes, that is compressed: below it gzip saves no packet.
const GzipFrom = 1 << 10

// keepZip is the largest buffer, in bytes, that is kept from one request to the next.
const keepZip = 4 << 20

// Zip compresses bodies with a writer that is used again and again: making one costs more than a thousand records.
type Zip struct {
	writer *gzip.Writer
	out    bytes.Buffer
}

// NewZip returns a Zip.
func NewZip() *Zip {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return &Zip{writer: w}
}

// Compress returns b compressed, until the next call.
func (z *Zip) Compress(b []byte) []byte {
	if z.out.Cap() > keepZip {
		z.out = bytes.Buffer{}
	}
	z.out.Reset()
	z.writer.Reset(&z.out)
	_, _ = z.writer.Write(b) // a bytes.Buffer takes everything
	_ = z.writer.Close()
	return z.out.Bytes()
}
