package writesyncers

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"go.uber.org/multierr"
)

// Gzip as Compress makes backups gzip files; their names end in .gz.
const Gzip = "gzip"

var errAborted = errors.New("given up at Close; the next start does it")

// compressBackup replaces a backup by its compressed form:
//
//	.app.log.part-…   written, with the backup's permissions and owner from the start; synced
//	app.log.1.gz      its name, once it is complete; then the directory is synced
//	app.log.1         removed
//
// so that a crash leaves either the backup alone, or both, or the compressed file alone. Meanwhile the backup may move up
// a number, or be removed: it is found again by its inode. It returns the new name, or "" if there is none.
func (r *roller) compressBackup(info fs.FileInfo) (name string, err error) {
	src, err := r.openBackup(info)
	if src == nil {
		return "", err
	}
	closing := sync.OnceValue(src.Close)
	defer func() { err = multierr.Append(err, closing()) }()
	if !lockExclusive(src) {
		return "", nil // another process still writes to it; a later start compresses it
	}
	if info, err = src.Stat(); err != nil { // it may have grown since
		return "", err
	}
	part := r.hidden(filepath.Dir(src.Name()), partTag)
	if err := r.compressInto(part, src, info); err != nil {
		return "", multierr.Append(err, remove(part))
	}
	onStep("compressed")
	if !renamesOpenFiles { // nor removes them; elsewhere the file stays open, so that its inode is not another's meanwhile
		if err := closing(); err != nil {
			return "", multierr.Append(err, remove(part))
		}
	}
	err = r.withTurn(func() error { name, err = r.publish(part, info); return err })
	return name, multierr.Append(err, remove(part))
}

// openBackup opens a backup for reading under the name it has now. It returns nil if it has been removed.
func (r *roller) openBackup(info fs.FileInfo) (src *os.File, err error) {
	err = r.withTurn(func() error {
		name, err := r.find(info)
		if err == nil && name != "" {
			src, err = openMovable(name)
		}
		return err
	})
	return src, err
}

// publish gives the complete compressed file its name, and removes the backup. It needs the turn.
func (r *roller) publish(part string, info fs.FileInfo) (string, error) {
	name, err := r.find(info)
	if err != nil || name == "" { // a backup that was removed has no use for a compressed form
		return "", err
	}
	if err := renameNew(part, name+gz); err != nil {
		return "", err
	}
	onStep("published")
	r.compressed.Add(1)
	return name + gz, multierr.Append(syncDir(filepath.Dir(name)), remove(name))
}

// find returns the name a backup has now, or "".
func (r *roller) find(info fs.FileInfo) (string, error) {
	found, err := r.names.list()
	for _, b := range found {
		if os.SameFile(b.info, info) && !strings.HasSuffix(b.name, gz) {
			return b.name, err
		}
	}
	return "", err
}

// compressInto writes the compressed form of src to a new file and syncs it.
func (r *roller) compressInto(part string, src io.Reader, info fs.FileInfo) (err error) {
	dst, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL|noFollow, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = multierr.Append(err, dst.Close()) }()
	lockShared(dst) // says that it has an owner
	sameAccess(dst, info)
	onStep("compressing")
	z, err := gzip.NewWriterLevel(dst, gzip.BestSpeed)
	if err != nil {
		return err
	}
	z.Name, z.ModTime = filepath.Base(r.path), info.ModTime()
	if _, err := io.CopyBuffer(z, abortable{src, r.work.abort}, make([]byte, 256<<10)); err != nil {
		return err
	}
	if err := multierr.Append(z.Close(), dst.Sync()); err != nil {
		return err
	}
	return os.Chtimes(part, info.ModTime(), info.ModTime())
}

// abortable is a reader that fails once abort is closed.
type abortable struct {
	r     io.Reader
	abort <-chan struct{}
}

func (a abortable) Read(p []byte) (int, error) {
	select {
	case <-a.abort:
		return 0, errAborted
	default:
		return a.r.Read(p)
	}
}

// holds reports whether the gzip file at path is complete and holds the very contents of the file plain.
func holds(path, plain string) error {
	z, err := os.Open(path)
	if err != nil {
		return err
	}
	defer z.Close()
	p, err := os.Open(plain)
	if err != nil {
		return err
	}
	defer p.Close()
	zr, err := gzip.NewReader(z)
	if err != nil {
		return err
	}
	if err := sameBytes(zr, p); err != nil {
		return fmt.Errorf("%s is not %s compressed: %w", path, plain, err)
	}
	return nil
}

func sameBytes(a, b io.Reader) error {
	one, other := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, errA := io.ReadFull(a, one)
		m, errB := io.ReadFull(b, other)
		if n != m || string(one[:n]) != string(other[:m]) {
			return errors.New("contents differ")
		}
		for _, err := range []error{errA, errB} {
			if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
				return err
			}
		}
		if errA != nil || errB != nil {
			return nil
		}
	}
}
