package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"example.com/zaphandlers/writesyncers"
	"go.uber.org/multierr"
)

// survival is what was found in the files when all processes were gone.
type survival struct {
	acknowledged, lost, torn, again, kills, files int
}

// openKilled opens the file of the processes that are killed: with Shared if there are several.
func openKilled(dir string, shared bool) (*writesyncers.RotatingFile, error) {
	return writesyncers.NewRotatingFile(writesyncers.RotatingFileConfig{
		Path: filepath.Join(dir, "app.log"), MaxBytes: fileBytes, BackupCount: -1, Compress: writesyncers.Gzip, Shared: shared,
		OnError: func(error) {}, // a process that was killed may leave something to say
	})
}

// refusal is the error with which Shared is refused on a file system that cannot keep what it promises.
func refusal(dir string) error {
	file, err := openKilled(dir, true)
	if err != nil {
		return err
	}
	return multierr.Append(file.Close(), os.Remove(filepath.Join(dir, "app.log")))
}

// writeUntilKilled is the role of a process of its own: it writes records from a number on, and prints each number that Write
// has acknowledged.
func writeUntilKilled(args []string) error {
	if len(args) != 4 {
		return errors.New("write: folder, writers, first, last")
	}
	first, err := strconv.Atoi(args[2])
	last, lastErr := strconv.Atoi(args[3])
	if err = multierr.Append(err, lastErr); err != nil {
		return err
	}
	file, err := openKilled(args[0], args[1] != "1")
	if err != nil {
		return err
	}
	var line []byte
	for number := first; number <= last; number++ {
		if _, err := file.Write(appendRecord(line[:0], number)); err != nil {
			return multierr.Append(err, file.Close())
		}
		if _, err := fmt.Println(number); err != nil {
			return multierr.Append(err, file.Close())
		}
	}
	return file.Close()
}

// survive has processes write n records, kills them again and again, and reads back what is there.
func survive(ctx context.Context, dir string, writers, n int) (survival, error) {
	said := claims{acked: make(map[int]bool, n)}
	var wait sync.WaitGroup
	for i := range writers {
		wait.Go(func() {
			for next, last := i*n/writers+1, (i+1)*n/writers; next <= last && ctx.Err() == nil; {
				numbers, killed, err := writeAndKill(ctx, dir, writers, next, last)
				said.add(numbers, killed, err)
				if err != nil {
					return
				}
				if len(numbers) > 0 {
					next = numbers[len(numbers)-1] + 1
				}
				if killed {
					next++ // it may have been written, and not been acknowledged
				}
			}
		})
	}
	wait.Wait()
	if err := multierr.Append(said.failed, ctx.Err()); err != nil {
		return survival{}, err
	}
	s, err := settled(ctx, dir, writers, said.acked)
	s.kills = said.kills
	return s, err
}

// claims are what the processes have said that they wrote.
type claims struct {
	mu     sync.Mutex // guards the fields below
	acked  map[int]bool
	kills  int
	failed error
}

// add adds what one process has acknowledged, and how it ended.
func (c *claims) add(numbers []int, killed bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, number := range numbers {
		c.acked[number] = true
	}
	if killed {
		c.kills++
	}
	c.failed = multierr.Append(c.failed, err)
}

// settled reads back until all is there, for at most four seconds: a FUSE file system shows a reader sizes a second old.
func settled(ctx context.Context, dir string, writers int, acked map[int]bool) (s survival, err error) {
	until := time.Now().Add(4 * time.Second)
	pace := time.NewTicker(500 * time.Millisecond)
	defer pace.Stop()
	for {
		s, err = readBack(dir, writers, acked)
		if err == nil && s.lost == 0 && s.torn == 0 || time.Now().After(until) {
			return s, err
		}
		select {
		case <-ctx.Done():
			return s, ctx.Err()
		case <-pace.C:
		}
	}
}

// writeAndKill runs one process until it is through, or dead, and returns what it has acknowledged.
func writeAndKill(ctx context.Context, dir string, writers, first, last int) (numbers []int, killed bool, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, false, err
	}
	cmd := exec.CommandContext(ctx, self, "-as", "write", dir, strconv.Itoa(writers), strconv.Itoa(first), strconv.Itoa(last))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, false, err
	}
	if err := cmd.Start(); err != nil {
		return nil, false, err
	}
	lines := bufio.NewScanner(out)
	var kill *time.Timer
	for lines.Scan() {
		if kill == nil { // its time begins with its first record: a slow start is no kill
			kill = time.AfterFunc(time.Duration(20+rand.IntN(250))*time.Millisecond, func() { _ = cmd.Process.Kill() })
			defer kill.Stop()
		}
		number, err := strconv.Atoi(lines.Text())
		if err != nil {
			break // the last one, cut by the kill
		}
		numbers = append(numbers, number)
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return numbers, true, nil
	}
	if err != nil {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return numbers, false, err
}

// readBack opens and closes the file once more, so that what the dead have left half done is finished, and reads all files.
func readBack(dir string, writers int, acked map[int]bool) (s survival, err error) {
	file, err := openKilled(dir, writers > 1)
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return s, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*")) // hidden files too, as Go's Glob has them
	if err != nil {
		return s, err
	}
	times := make(map[int]int)
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.IsDir() {
			continue
		}
		s.files++
		text, err := contents(name)
		if err != nil {
			return s, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		s.torn += count(text, times)
	}
	s.acknowledged = len(acked)
	for number := range acked {
		if times[number] == 0 {
			s.lost++
		}
	}
	for _, n := range times {
		s.again += n - 1
	}
	return s, nil
}

// contents is the text of a file, compressed or not.
func contents(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil || !bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		return text, err
	}
	r, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// count counts the records of a text by number, and returns how many of its lines are none.
func count(text []byte, times map[int]int) (torn int) {
	for line := range bytes.Lines(text) {
		match := record.FindSubmatch(line)
		if len(match) == 0 || len(line) != recordBytes {
			torn++
			continue
		}
		number, _ := strconv.Atoi(string(match[1]))
		times[number]++
	}
	return torn
}
