package writesyncers

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sinkSettings are the parameters of a URL.
type sinkSettings struct {
	path, compress, symlink, header, when, atTime string

	mode                                                       Mode
	fsync                                                      FsyncPolicy
	perm                                                       fs.FileMode
	delay, makeDirs, notify, shared                            bool
	maxBytes, maxTotalBytes, backupCount, interval, bufferSize int64
	maxAge, fsyncEvery, flushEvery, checkEvery                 time.Duration
	location                                                   *time.Location
}

// set reads one parameter.
func (s *sinkSettings) set(name, value string) error {
	if value == "" && !slices.Contains(flags, name) {
		return errors.New("has no value")
	}
	switch name {
	case "mode":
		return choose(&s.mode, value, map[string]Mode{"append": ModeAppend, "truncate": ModeTruncate, "exclusive": ModeExclusive})
	case "fsync":
		return choose(&s.fsync, value, map[string]FsyncPolicy{
			"sync": FsyncOnSync, "never": FsyncNever, "rotate": FsyncOnRotate, "interval": FsyncInterval, "each": FsyncEach,
		})
	case "perm":
		return setPerm(&s.perm, value)
	case "location":
		return setLocation(&s.location, value)
	}
	if text, ok := map[string]*string{
		"compress": &s.compress, "symlink": &s.symlink, "header": &s.header, "when": &s.when, "atTime": &s.atTime,
	}[name]; ok {
		*text = value
		return nil
	}
	if flag, ok := map[string]*bool{"delay": &s.delay, "makeDirs": &s.makeDirs, "notify": &s.notify, "shared": &s.shared}[name]; ok {
		return setBool(flag, value)
	}
	if d, ok := map[string]*time.Duration{
		"maxAge": &s.maxAge, "fsyncEvery": &s.fsyncEvery, "flushEvery": &s.flushEvery, "checkEvery": &s.checkEvery,
	}[name]; ok {
		return setDuration(d, value)
	}
	if size, ok := map[string]*int64{"maxBytes": &s.maxBytes, "maxTotalBytes": &s.maxTotalBytes, "buffer": &s.bufferSize}[name]; ok {
		return setSize(size, value)
	}
	return setInt(map[string]*int64{"backups": &s.backupCount, "interval": &s.interval}[name], value)
}

// flags are the parameters that may go without a value.
var flags = []string{"delay", "makeDirs", "notify", "shared"}

func choose[T any](to *T, value string, choices map[string]T) error {
	v, ok := choices[strings.ToLower(value)]
	if !ok {
		return fmt.Errorf("%q is unknown: there are %s", value, strings.Join(slices.Sorted(maps.Keys(choices)), ", "))
	}
	*to = v
	return nil
}

func setPerm(to *fs.FileMode, value string) error {
	n, err := strconv.ParseUint(value, 8, 32)
	if err != nil || n > 0o777 || n == 0 { // a Perm of 0 would mean the default
		return fmt.Errorf("%q are no octal permissions such as 0640", value)
	}
	*to = fs.FileMode(n)
	return nil
}

func setLocation(to **time.Location, value string) (err error) {
	if *to, err = time.LoadLocation(value); err != nil {
		return fmt.Errorf("%w; it is one such as UTC, Local or Europe/Berlin", err)
	}
	return nil
}

func setBool(to *bool, value string) error {
	if value == "" {
		value = "true"
	}
	b, err := strconv.ParseBool(value)
	if err != nil {
		return fmt.Errorf("%q is neither true nor false", value)
	}
	*to = b
	return nil
}

func setInt(to *int64, value string) error {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		return fmt.Errorf("%q is no number such as 5", value)
	}
	*to = n
	return nil
}

// setDuration reads a Go duration, or whole days as in "7d".
func setDuration(to *time.Duration, value string) error {
	if days, ok := strings.CutSuffix(value, "d"); ok {
		if n, err := strconv.ParseInt(days, 10, 16); err == nil {
			*to = time.Duration(n) * day
			return nil
		}
	}
	if n, err := strconv.ParseFloat(value, 64); err == nil && n != 0 && !math.IsNaN(n) && !math.IsInf(n, 0) {
		return fmt.Errorf("%q has no unit: write %ss for seconds, %[2]sh for hours or %[2]sd for days", value, value)
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		return fmt.Errorf("%q is no duration such as 90s, 24h or 7d", value)
	}
	*to = d
	return nil
}

// setSize reads a number of bytes with a unit: "10MiB", "10M", "10MB", "10485760".
func setSize(to *int64, value string) error {
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= 0 {
		*to = n // exact, where a float64 might not be
		return nil
	}
	digits := strings.TrimRight(value, "kKMGTiB ")
	unit, ok := map[string]float64{
		"": 1, "b": 1, "k": 1 << 10, "kib": 1 << 10, "kb": 1e3, "m": 1 << 20, "mib": 1 << 20, "mb": 1e6,
		"g": 1 << 30, "gib": 1 << 30, "gb": 1e9, "t": 1 << 40, "tib": 1 << 40, "tb": 1e12,
	}[strings.ToLower(strings.TrimSpace(value[len(digits):]))]
	n, err := strconv.ParseFloat(digits, 64)
	size := n * unit
	if !ok || err != nil || math.IsNaN(size) || size < 0 || size >= math.MaxInt64 || size > 0 && size < 1 {
		return errors.New(strconv.Quote(value) + " is no size such as 10MiB")
	}
	*to = int64(size)
	return nil
}

// memory converts a size to int, which has only 32 bits on some systems.
func memory(size int64) int { return int(min(size, math.MaxInt)) }

func (s *sinkSettings) rotating() RotatingFileConfig {
	return RotatingFileConfig{
		Path: s.path, MaxBytes: s.maxBytes, BackupCount: int(s.backupCount), Mode: s.mode, Delay: s.delay, Perm: s.perm,
		MakeDirs: s.makeDirs, Compress: s.compress, MaxAge: s.maxAge, MaxTotalBytes: s.maxTotalBytes, Symlink: s.symlink,
		Header: s.header, Fsync: s.fsync, FsyncEvery: s.fsyncEvery, Buffer: memory(s.bufferSize), FlushEvery: s.flushEvery,
		Shared: s.shared,
	}
}

func (s *sinkSettings) timed() TimedRotatingFileConfig {
	return TimedRotatingFileConfig{
		Path: s.path, When: s.when, Interval: int(s.interval), AtTime: s.atTime, Location: s.location, MaxBytes: s.maxBytes,
		BackupCount: int(s.backupCount), Delay: s.delay, Perm: s.perm, MakeDirs: s.makeDirs, Compress: s.compress,
		MaxAge: s.maxAge, MaxTotalBytes: s.maxTotalBytes, Symlink: s.symlink, Header: s.header, Fsync: s.fsync,
		FsyncEvery: s.fsyncEvery, Buffer: memory(s.bufferSize), FlushEvery: s.flushEvery, Shared: s.shared,
	}
}

func (s *sinkSettings) watched() WatchedFileConfig {
	return WatchedFileConfig{
		Path: s.path, CheckEvery: s.checkEvery, Notify: s.notify, Mode: s.mode, Delay: s.delay, Perm: s.perm,
		MakeDirs: s.makeDirs, Header: s.header, Fsync: s.fsync, FsyncEvery: s.fsyncEvery, Buffer: memory(s.bufferSize),
		FlushEvery: s.flushEvery,
	}
}
