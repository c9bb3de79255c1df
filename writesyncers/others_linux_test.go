package writesyncers

import (
	"fmt"
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

// A file that has the name of a backup and is a log itself, of another writer or program, is no backup: it is not moved, compressed or
// removed, and takes the place of none.
func TestLogsOfOthersBesideAFileThatRolls(t *testing.T) {
	others := map[string]func(path string) (io.WriteCloser, error){
		"File":              func(path string) (io.WriteCloser, error) { return NewFile(FileConfig{Path: path}) },
		"File by a link":    openByALink,
		"WatchedFile":       func(path string) (io.WriteCloser, error) { return NewWatchedFile(WatchedFileConfig{Path: path}) },
		"another program":   openInAnotherProcess,
		"a file of package": func(path string) (io.WriteCloser, error) { return os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0) },
		"RotatingFile": func(path string) (io.WriteCloser, error) {
			return NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 1 << 20, BackupCount: 1})
		},
	}
	for kind, open := range others {
		for name, settings := range rollingSettings() {
			t.Run(kind+", "+name, func(t *testing.T) {
				dir := t.TempDir()
				path, live := filepath.Join(dir, "app.log"), filepath.Join(dir, "app.log."+settings.live)
				require.NoError(t, os.WriteFile(live, []byte("other 0\n"), 0o600))
				require.NoError(t, os.Chtimes(live, time.Unix(1e9, 0), time.Unix(1e9, 0)))
				other, err := open(live)
				require.NoError(t, err)
				var texts []string
				for start := range 2 {
					log, err := settings.open(path, unexpected(t))
					require.NoError(t, err)
					for i := range 4 {
						write(t, log, fmt.Sprintf("record %d\n", 4*start+i))
						require.NoError(t, log.Rollover())
						write(t, other, fmt.Sprintf("other %d\n", 4*start+i+1))
					}
					listed, err := log.Backups()
					require.NoError(t, err)
					texts = nil
					for _, backup := range listed {
						texts = append(texts, plain(t, backup))
					}
					require.NoError(t, log.Close())
				}
				assert.Equal(t, []string{"record 7\n", "record 6\n", "record 5\n"}, texts)
				require.NoError(t, other.Close())
				require.Equal(t, "other 0\nother 1\nother 2\nother 3\nother 4\nother 5\nother 6\nother 7\nother 8\n", read(t, live))
			})
		}
	}
}

type rollingWriter interface {
	writeCloser
	Rollover() error
	Backups() ([]string, error)
}

type rollingSetting struct {
	live string
	open func(path string, onError func(error)) (rollingWriter, error)
}

func rollingSettings() map[string]rollingSetting {
	settings := map[string]rollingSetting{}
	for _, compress := range []string{"", Gzip} {
		for name, namer := range map[string]func(string) string{"": nil, "Namer": func(name string) string { return name }} {
			settings["numbers "+compress+name] = rollingSetting{"1", func(path string, onError func(error)) (rollingWriter, error) {
				return NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 1 << 20, BackupCount: 3, Compress: compress, Namer: namer, OnError: onError})
			}}
			settings["dates "+compress+name] = rollingSetting{"2024-01-01", func(path string, onError func(error)) (rollingWriter, error) {
				return NewTimedRotatingFile(TimedRotatingFileConfig{Path: path, When: "midnight", BackupCount: 3, Compress: compress, Namer: namer, OnError: onError})
			}}
			settings["sizes "+compress+name] = rollingSetting{"1", func(path string, onError func(error)) (rollingWriter, error) {
				most := int64(3 * len("record 1\n"))
				if compress != "" {
					most = 3 * 60
				}
				return NewRotatingFile(RotatingFileConfig{Path: path, MaxTotalBytes: most, Compress: compress, Namer: namer, OnError: onError})
			}}
		}
	}
	return settings
}

func openByALink(path string) (io.WriteCloser, error) {
	link := filepath.Join(filepath.Dir(path), "current")
	if err := os.Symlink(filepath.Base(path), link); err != nil {
		return nil, err
	}
	return NewFile(FileConfig{Path: link})
}

// process is a program that appends what it gets to a file.
type process struct {
	io.WriteCloser
	cmd    *exec.Cmd
	answer io.Reader
}

func openInAnotherProcess(path string) (io.WriteCloser, error) {
	cmd := exec.Command("sh", "-c", `exec 3>>"$0"; echo; while read -r line; do echo "$line" >&3; echo; done`, path)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p := &process{in, cmd, out}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return p, p.await()
}

func (p *process) await() error {
	_, err := io.ReadFull(p.answer, make([]byte, 1))
	return err
}

func (p *process) Write(b []byte) (int, error) {
	n, err := p.WriteCloser.Write(b)
	if err == nil {
		err = p.await()
	}
	return n, err
}

func (p *process) Close() error {
	if err := p.WriteCloser.Close(); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// What was the log when another program opened it, as the output of a program that its supervisor has put there, is a backup all the same.
// It moves with the others, and stays for as long as that program has it.
func TestABackupThatAnotherProgramWritesTo(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	log, err := NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 1 << 20, BackupCount: 2, OnError: unexpected(t)})
	require.NoError(t, err)
	output, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	for i := range 5 {
		write(t, log, fmt.Sprintf("record %d\n", i))
		require.NoError(t, log.Rollover())
		write(t, output, "output\n")
	}
	texts := func() string {
		listed, err := log.Backups()
		require.NoError(t, err)
		text := ""
		for _, backup := range listed {
			text += read(t, backup)
		}
		return text
	}
	assert.Equal(t, "record 4\nrecord 3\nrecord 0\n"+strings.Repeat("output\n", 5), texts())
	require.NoError(t, output.Close())
	write(t, log, "record 5\n")
	require.NoError(t, log.Rollover())
	assert.Equal(t, "record 5\nrecord 4\n", texts())
	require.NoError(t, log.Close())
}

// Nor is it compressed as long as that program has it: what that writes would be nowhere.
func TestACompressedBackupThatAnotherProgramWritesTo(t *testing.T) {
	for name, rotator := range map[string]func(src, dst string) error{"": nil, "Rotator": os.Rename} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "app.log")
			var told errorLog
			log, err := NewRotatingFile(RotatingFileConfig{
				Path: path, MaxBytes: 1 << 20, BackupCount: 5, Compress: Gzip, Rotator: rotator, OnError: told.add,
			})
			require.NoError(t, err)
			output, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			require.NoError(t, err)
			for i := range 3 {
				write(t, log, fmt.Sprintf("record %d\n", i))
				require.NoError(t, log.Rollover())
				write(t, output, "output\n")
			}
			require.Len(t, told.list(), 1, "%v", told.list())
			assert.ErrorContains(t, told.list()[0], "another process still writes to it")
			require.NoError(t, output.Close())
			write(t, log, "record 3\n")
			require.NoError(t, log.Rollover())
			require.NoError(t, log.Close()) // which waits for the older one
			listed, err := log.Backups()
			require.NoError(t, err)
			text := ""
			for _, backup := range listed {
				assert.Equal(t, gz, filepath.Ext(backup))
				text += plain(t, backup)
			}
			assert.Equal(t, "record 3\nrecord 2\nrecord 1\nrecord 0\noutput\noutput\noutput\n", text)
		})
	}
}
