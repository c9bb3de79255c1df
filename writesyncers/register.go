package writesyncers

import (
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"

	"go.uber.org/zap"
)

// RegisterSinks registers the file writers with zap, so that the OutputPaths and ErrorOutputPaths of a zap.Config can name them by
// URL:
//
//	rotate:///var/log/app.log?maxBytes=10MiB&backups=5&compress=gzip
//	timed:///var/log/app.log?when=midnight&backups=7
//	watch:///var/log/app.log
//	rotate:///C:/log/app.log?maxBytes=10MiB&backups=5
//
// Parameters are the fields of the Config in lower camel case; only BackupCount is called backups. Their values:
//
//	sizes       bytes, or with a unit: kB, MB, GB, TB are powers of 1000; KiB, MiB, GiB, TiB and k, M, G, T powers of 1024
//	durations   Go's, with their unit, and days: 90s, 24h, 7d
//	mode        append, truncate or exclusive
//	fsync       sync, never, rotate, interval or each
//	perm        octal: 0640
//	location    a name: UTC, Local, Europe/Berlin
//	booleans    true or false; without a value, true
//
// A parameter that is unknown, given twice, or has a bad value is an error that names it. With rotate it is an error to give maxBytes
// without backups, maxAge or maxTotalBytes, or one of these without maxBytes: the file would never roll over.
//
// Calling it again does nothing. It returns an error if one of the three schemes is registered already.
func RegisterSinks() error {
	registered.once.Do(func() {
		for scheme, open := range sinkSchemes() {
			if err := zap.RegisterSink(scheme, open); err != nil {
				registered.err = fmt.Errorf("writesyncers: %w", err)
				return
			}
		}
	})
	return registered.err
}

var registered struct {
	once sync.Once
	err  error
}

// sinkSchemes is a function, because a variable would link all writers into each program that uses one of them.
func sinkSchemes() map[string]func(*url.URL) (zap.Sink, error) {
	return map[string]func(*url.URL) (zap.Sink, error){
		"rotate": func(u *url.URL) (zap.Sink, error) {
			s, err := parseSink(u, commonParameters, rotatingParameters, []string{"mode"})
			if err != nil {
				return nil, err
			}
			cfg := s.rotating()
			switch keeps := cfg.BackupCount != 0 || cfg.MaxAge > 0 || cfg.MaxTotalBytes > 0; {
			case keeps && cfg.MaxBytes == 0:
				return nil, neverRolls(u, cfg, "without maxBytes the file never rolls over, and backups, maxAge, maxTotalBytes and compress have no effect: write maxBytes=10MiB")
			case !keeps && cfg.MaxBytes > 0:
				return nil, neverRolls(u, cfg, "without backups the file never rolls over, and maxBytes has no effect: write backups=5, or backups=-1 for all")
			}
			return opened(NewRotatingFile(cfg))
		},
		"timed": func(u *url.URL) (zap.Sink, error) {
			s, err := parseSink(u, commonParameters, rotatingParameters, []string{"when", "interval", "atTime", "location"})
			if err != nil {
				return nil, err
			}
			return opened(NewTimedRotatingFile(s.timed()))
		},
		"watch": func(u *url.URL) (zap.Sink, error) {
			s, err := parseSink(u, commonParameters, []string{"mode", "checkEvery", "notify"})
			if err != nil {
				return nil, err
			}
			return opened(NewWatchedFile(s.watched()))
		},
	}
}

// The parameters that several schemes know.
var (
	commonParameters   = []string{"delay", "perm", "makeDirs", "header", "fsync", "fsyncEvery", "buffer", "flushEvery"}
	rotatingParameters = []string{"maxBytes", "backups", "maxAge", "maxTotalBytes", "compress", "symlink", "shared"}
)

// neverRolls returns the error for a URL whose file would never roll over: another error of its Config if there is one, else why. It is an
// error of URLs only: code can call Rollover.
func neverRolls(u *url.URL, cfg RotatingFileConfig, why string) error {
	cfg.Delay = true
	f, err := NewRotatingFile(cfg)
	if err != nil {
		return err
	}
	_ = f.Close()
	return fmt.Errorf("writesyncers: %s: %s", u, why)
}

// opened returns a nil Sink with an error: a nil pointer in an interface would not be nil.
func opened[S zap.Sink](s S, err error) (zap.Sink, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// parseSink reads the URL of a scheme that knows these parameters.
func parseSink(u *url.URL, known ...[]string) (*sinkSettings, error) {
	path, err := sinkPath(u)
	if err != nil {
		return nil, err
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("writesyncers: %s: %w", u, err)
	}
	allowed := slices.Concat(known...)
	s := &sinkSettings{path: path}
	for name, values := range query {
		switch {
		case !slices.Contains(allowed, name):
			return nil, fmt.Errorf("writesyncers: %s: parameter %q is unknown: there are %s", u, name, strings.Join(slices.Sorted(slices.Values(allowed)), ", "))
		case len(values) > 1:
			return nil, fmt.Errorf("writesyncers: %s: parameter %q is given %d times", u, name, len(values))
		}
		if err := s.set(name, values[0]); err != nil {
			return nil, fmt.Errorf("writesyncers: %s: parameter %q: %w", u, name, err)
		}
	}
	return s, nil
}

// sinkPath returns the path of a URL: absolute as in rotate:///var/log/app.log, or relative as in rotate:app.log.
func sinkPath(u *url.URL) (string, error) {
	switch {
	case u.User != nil, u.Host != "" && u.Host != "localhost":
		return "", fmt.Errorf("writesyncers: %s: a file has no host; write %s:///path", u.Redacted(), u.Scheme)
	case u.Fragment != "":
		return "", fmt.Errorf("writesyncers: %s: a file has no fragment %q", u, u.Fragment)
	case u.Opaque != "":
		return url.PathUnescape(u.Opaque)
	case runtime.GOOS == "windows":
		return strings.TrimPrefix(u.Path, "/"), nil
	}
	return u.Path, nil
}
