package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"
)

// seen counts the numbers of records in a file that a tool prints to.
type seen struct {
	path   string
	number *regexp.Regexp

	offset  int64
	half    []byte      // the start of a line that is not whole
	times   map[int]int // by number
	greeted bool
	again   int // records seen more than once, each time after the first
}

func newSeen(path string, number *regexp.Regexp) *seen {
	return &seen{path: path, number: number, times: make(map[int]int)}
}

// read goes on where it was, and returns how many records are new to it.
func (s *seen) read() (int, error) {
	f, err := os.Open(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.NewSectionReader(f, s.offset, 1<<62))
	s.offset += int64(len(text))
	text = append(s.half, text...)
	end := bytes.LastIndexByte(text, '\n') + 1
	s.half = bytes.Clone(text[end:])
	return s.count(text[:end]), err
}

func (s *seen) count(text []byte) (fresh int) {
	for _, match := range s.number.FindAllSubmatch(text, -1) {
		number, err := strconv.Atoi(string(match[1]))
		switch {
		case err != nil:
			continue
		case number == greeting:
			s.greeted = true
			continue
		case s.times[number] > 0:
			s.again++
		}
		s.times[number]++
		fresh++
	}
	return fresh
}

// lost is how many of the records 1 to n are missing.
func (s *seen) lost(n int) int { return n - len(s.times) }
