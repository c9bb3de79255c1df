package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"go.uber.org/zap/zapcore"
)

// lines makes a record of each line of a text, which is read a little ahead of the producers and never held as a whole.
type lines struct {
	input     io.Reader
	producers int
	pace      pace
}

func (s *lines) total() uint64 { return 0 }
func (s *lines) noun() string  { return "line" }

func (s *lines) run(ctx context.Context, log func(*record)) (uint64, error) {
	texts, failed := s.read(ctx)
	var begun, made atomic.Uint64
	var producers sync.WaitGroup
	for range s.producers {
		producers.Go(func() {
			for text, ok := next(ctx, texts); ok && s.pace.wait(ctx, begun.Add(1)-1); text, ok = next(ctx, texts) {
				log(&record{Level: zapcore.InfoLevel, Message: text})
				made.Add(1)
			}
		})
	}
	producers.Wait()
	select {
	case err := <-failed:
		return made.Load(), err
	default: // the reader may wait at a terminal for ever, and nobody waits for it
		return made.Load(), nil
	}
}

// next returns the next line, if there is one and ctx has not ended.
func next(ctx context.Context, texts <-chan string) (text string, ok bool) {
	select {
	case text, ok = <-texts:
		return text, ok
	case <-ctx.Done():
		return "", false
	}
}

// read returns the lines, in a channel that is closed after the last. If that is not the end of the input, failed says why.
func (s *lines) read(ctx context.Context) (texts <-chan string, failed <-chan error) {
	out, errs := make(chan string, 256), make(chan error, 1)
	go func() {
		defer close(out)
		scanner := bufio.NewScanner(s.input)
		scanner.Buffer(nil, maxRecord)
		scanner.Split(wholeLine)
		n := 1
		for ; scanner.Scan(); n++ {
			select {
			case out <- valid(scanner.Text()):
			case <-ctx.Done():
				return
			}
		}
		if scanner.Err() != nil {
			errs <- fmt.Errorf("line %d: %w", n, scanner.Err())
		}
	}()
	return out, errs
}

// wholeLine is a bufio.SplitFunc that, unlike bufio.ScanLines, leaves a carriage return before the end to the line.
func wholeLine(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

// valid returns text as a JSON encoder passes it on: with U+FFFD for each byte that is not UTF-8.
func valid(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return string([]rune(text))
}
