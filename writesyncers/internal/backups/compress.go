package backups

import (
	"errors"
	"io"
	"os"
	"time"
)

// Gzip is what the name of a compressed backup ends in.
const Gzip = ".gz"

// ErrAborted is what Compress returns once it was told to give up.
var ErrAborted = errors.New("given up at Close; the next start does it")

// Mark is what the header of a compressed backup says: whose it is, and when the plain file was last written to.
type Mark struct {
	Base    string // the log's name without its directory
	ModTime time.Time
}

// Compress writes the compressed form of src to dst, with the mark, and has it put on the disk. It returns ErrAborted once abort is
// closed. dst stays open.
func Compress(dst *os.File, src io.Reader, mark Mark, abort <-chan struct{}) error {
	return errors.ErrUnsupported
}

// SameContents returns nil if the file gz is complete and holds the very contents of the file plain.
func SameContents(gz, plain string) error { return errors.ErrUnsupported }
