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

// RegisterSinks makes the file writers known to zap by URL, so that a zap.Config can name them in its OutputPaths and
// ErrorOutputPaths:
//
//	rotate:///var/log/app.log?maxBytes=10MiB&backups=5&compress=gzip
//	timed:///var/log/app.log?when=midnight&backups=7
//	watch:///var/log/app.log
//	rotate:///C:/log/app.log?maxBytes=10MiB&backups=5
//
// Parameters are the Config's fields, in lower camel case, with two exceptions: backups is BackupCount, and a Location is
// named ("UTC", "Europe/Berlin"). Sizes have units (k, kB, KiB, M, MB, MiB, G, GB, GiB: B and iB say powers of 1000 and
// 1024, a letter alone 1024), durations are Go's, with their unit, and days ("7d"); mode is append, truncate or exclusive; fsync is sync,
// never, rotate, interval or each; perm is octal; booleans, and only they, may go without a value. A parameter that is unknown, given
// twice, or has a bad value is an error that names it; so are maxBytes of rotate without backups, maxAge or maxTotalBytes, and these
// without maxBytes, by which the file would never roll over.
//
// Calling it again does nothing. It fails if somebody else has taken one of the three schemes.
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

// sinkSchemes is no variable: that would put all the writers into each program that has one of them.
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

// neverRolls returns what is wrong with a file that is to have backups, and never has any: nobody can call Rollover of what a URL has
// opened.
func neverRolls(u *url.URL, cfg RotatingFileConfig, why string) error {
	cfg.Delay = true
	f, err := NewRotatingFile(cfg)
	if err != nil {
		return err
	}
	_ = f.Close()
	return fmt.Errorf("writesyncers: %s: %s", u, why)
}

// opened keeps a nil pointer from becoming a Sink that is not nil.
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
