package request

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

// GzipFrom is the smallest body that is compressed, in bytes: for less, gzip saves no packet.
const GzipFrom = 1 << 10

// keepZip is the largest buffer that is kept between requests, in bytes.
const keepZip = 4 << 20

// Zip compresses bodies with a reused writer, because making one costs more than a thousand records.
type Zip struct {
	writer *gzip.Writer
	out    bytes.Buffer
}

// NewZip returns a Zip.
func NewZip() *Zip {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return &Zip{writer: w}
}

// Compress returns b compressed. The result is valid until the next call.
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

// Unzipped returns the body of an answer without a compression that a server or proxy applied. Nobody asked for compression, but
// nobody forbade it, so it is allowed (RFC 9110, section 12.5.3). Other codings are left unchanged.
func Unzipped(resp *http.Response) io.Reader {
	switch strings.ToLower(resp.Header.Get("Content-Encoding")) {
	case "gzip", "x-gzip":
		return &unzipped{from: resp.Body}
	}
	return resp.Body
}

// unzipped decompresses from the first Read on.
type unzipped struct {
	from io.Reader
	zip  *gzip.Reader
}

// Read implements io.Reader.
func (u *unzipped) Read(b []byte) (int, error) {
	if u.zip == nil {
		zip, err := gzip.NewReader(u.from)
		if err != nil {
			return 0, err // io.EOF if the body is empty
		}
		u.zip = zip
	}
	return u.zip.Read(b)
}
