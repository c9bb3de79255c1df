package backups

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// compressed returns the compressed form of a text, made with a mark.
func compressed(t *testing.T, text string, mark Mark) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "part.gz"))
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	require.NoError(t, Compress(f, strings.NewReader(text), mark, nil))
	return f
}

// The header of a gzip file takes Latin-1 only: other names are left out of it, and are ours by the mark all the same.
func TestCompressWithNamesOfAllKinds(t *testing.T) {
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	for name, want := range map[string]string{
		"app.log": "app.log", "büro.log": "büro.log", "журнал.log": "", "日誌.log": "", "🪵": "", "\xff\xfe": "", strings.Repeat("x", 300): strings.Repeat("x", 300),
	} {
		f := compressed(t, "one record\n", Mark{name, at})
		b, err := os.ReadFile(f.Name())
		require.NoError(t, err)
		z, err := gzip.NewReader(bytes.NewReader(b))
		require.NoError(t, err)
		assert.Equal(t, want, z.Name)
		assert.True(t, at.Equal(z.ModTime))
		text, err := io.ReadAll(z)
		require.NoError(t, err)
		assert.Equal(t, "one record\n", string(text))
		ours, err := bearsMark(f.Name(), name)
		assert.NoError(t, err)
		assert.True(t, ours, "%q", name)
		ours, err = bearsMark(f.Name(), name+"x")
		assert.NoError(t, err)
		assert.False(t, ours, "%q", name)
		info, err := f.Stat()
		require.NoError(t, err)
		assert.True(t, at.Equal(info.ModTime()))
	}
}

// The mark is in an optional field, which no reader stumbles over.
func TestOthersReadWhatIsMarked(t *testing.T) {
	f := compressed(t, "one record\n", Mark{"журнал.log", time.Now()})
	for _, reader := range [][]string{
		{"gzip", "-dc", f.Name()},
		{"python3", "-c", "import gzip, sys; sys.stdout.write(gzip.open(sys.argv[1], 'rt').read())", f.Name()},
	} {
		if _, err := exec.LookPath(reader[0]); err != nil {
			t.Log(err)
			continue
		}
		out, err := exec.Command(reader[0], reader[1:]...).Output()
		require.NoError(t, err, reader[0])
		assert.Equal(t, "one record\n", string(out), reader[0])
	}
}

func TestWhoseACompressedFileIs(t *testing.T) {
	subfield := func(id, data string) []byte {
		return append([]byte{id[0], id[1], byte(len(data)), byte(len(data) >> 8)}, data...)
	}
	for _, tt := range []struct {
		name   string
		header gzip.Header
		ours   bool
	}{
		{"an earlier version's", gzip.Header{Name: "app.log", OS: osUnknown}, true},
		{"gzip(1)'s of the log", gzip.Header{Name: "app.log", OS: 3}, false},
		{"gzip(1)'s of a backup", gzip.Header{Name: "app.log.1", OS: 3}, false},
		{"one without a name", gzip.Header{OS: osUnknown}, false},
		{"ours", gzip.Header{Extra: subfield("zh", "app.log"), OS: osUnknown}, true},
		{"ours behind another field", gzip.Header{Extra: append(subfield("BC", "xx"), subfield("zh", "app.log")...)}, true},
		{"another log's", gzip.Header{Extra: subfield("zh", "app.log2"), Name: "app.log", OS: osUnknown}, false},
		{"another program's field", gzip.Header{Extra: subfield("BC", "app.log"), Name: "app.log", OS: osUnknown}, false},
		{"a field that is cut off", gzip.Header{Extra: subfield("zh", "app.log")[:8]}, false},
		{"a long field", gzip.Header{Extra: append(subfield("BC", strings.Repeat("x", 255)), subfield("zh", "app.log")...)}, true},
	} {
		assert.Equal(t, tt.ours, bears(tt.header, "app.log"), tt.name)
	}
}

func TestCompressGivesUp(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "part.gz"))
	require.NoError(t, err)
	defer f.Close()
	abort := make(chan struct{})
	pieces := 0
	err = Compress(f, readerFunc(func(p []byte) (int, error) {
		if pieces++; pieces == 3 {
			close(abort)
		}
		return len(p), nil
	}), Mark{Base: "app.log"}, abort)
	assert.ErrorIs(t, err, ErrAborted)
	assert.Equal(t, 3, pieces)
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestSameContents(t *testing.T) {
	dir := t.TempDir()
	plain, gz := filepath.Join(dir, "app.log.1"), filepath.Join(dir, "app.log.1.gz")
	for _, size := range []int{0, 1, 64 << 10, 100_000} {
		text := strings.Repeat("x", size)
		b, err := os.ReadFile(compressed(t, text, Mark{Base: "app.log"}).Name())
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(gz, b, 0o600))
		require.NoError(t, os.WriteFile(plain, []byte(text), 0o600))
		assert.NoError(t, SameContents(gz, plain), "%d bytes", size)
		require.NoError(t, os.WriteFile(plain, []byte(text+"y"), 0o600))
		assert.Error(t, SameContents(gz, plain), "%d bytes and one more", size)
		if size > 0 {
			require.NoError(t, os.WriteFile(plain, []byte(text[1:]), 0o600))
			assert.Error(t, SameContents(gz, plain), "%d bytes, one less", size)
		}
		require.NoError(t, os.WriteFile(plain, []byte(text), 0o600))
		for _, cut := range []int{1, 4, 8, 9} { // in the checksum and the length at the end, and before them
			require.NoError(t, os.WriteFile(gz, b[:len(b)-cut], 0o600))
			assert.Error(t, SameContents(gz, plain), "%d bytes, the last %d of the compressed form missing", size, cut)
		}
	}
	assert.ErrorIs(t, SameContents(gz, filepath.Join(dir, "gone")), os.ErrNotExist)
}

// Whatever stands in the extra field of somebody's gzip file: it is read, and ours only with our mark in it.
func FuzzMark(f *testing.F) {
	f.Add([]byte("zh\x07\x00app.log"), "app.log")
	f.Add([]byte("BC\x02\x00xxzh\x07\x00app.log"), "app.log")
	f.Add([]byte("zh\xff\xffapp.log"), "app.log")
	f.Fuzz(func(t *testing.T, extra []byte, base string) {
		if bears(gzip.Header{Extra: extra}, base) {
			mark := Mark{Base: base}.header().Extra
			assert.True(t, bytes.Contains(extra, mark) || len(extra) == 0 && base == "", "%q in %q", mark, extra)
		}
		if len(base) <= 0xffff {
			assert.True(t, bears(Mark{Base: base}.header(), base))
		}
	})
}
