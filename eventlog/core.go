package eventlog

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Stats counts records.
type Stats = base.Stats

// ErrClosed is returned by Write after Close. It wraps os.ErrClosed.
var ErrClosed = base.ErrClosed

// Config makes a Core. Install and Remove also take one, and use only Source, Log and MessageFile.
//
// The hooks EventID, Category, Type, Strings and Data are called on the goroutine that writes the record (behind a queue, the
// queue's), possibly on several at once, under no lock. Their arguments are valid only during the call. If a hook panics, the record is
// refused.
type Config struct {
	// Level decides which records are taken. Defaults to everything.
	Level zapcore.LevelEnabler
	// Encoder makes the text of an event. A line ending at its end is removed. Defaults to the message, and everything else
	// as JSON on the next line.
	Encoder zapcore.Encoder

	// Source is the name under which events are logged (Python: appname). It is a key of the registry, so it has no backslash.
	// Required.
	Source string
	// Log is the log that the events go to: "Application", "System", or one of your own. Windows does not accept events for
	// "Security" this way, whatever the rights. Defaults to "Application" (Python: logtype).
	Log string
	// MessageFile is the path of the .exe or .dll that has the texts of the event ids, for Install (Python: dllname). %NAME% is
	// expanded. Defaults to EventCreate.exe, which every Windows has, for the ids 1 to 1000.
	MessageFile string
	// InstallIfMissing makes New install the source if it is missing. That needs the rights of an administrator.
	InstallIfMissing bool

	// EventID returns the id of the event, which selects its text in the message file (Python: getMessageID). 0 means 1,
	// the default.
	EventID func(ent zapcore.Entry) uint32
	// Category returns a number that the Event Viewer shows as Task Category (Python: getEventCategory). Defaults to 0: none.
	Category func(ent zapcore.Entry) uint16
	// Type returns the type of the event, which the Event Viewer shows as Level (Python: getEventType). 0, like the default,
	// means that the record's level decides: Error from ErrorLevel on, Warning for WarnLevel, Information below.
	Type func(ent zapcore.Entry) Type
	// Strings returns what replaces %1, %2, … in the event's text in a message file of your own, at most 256
	// strings. fields are those of With, then those of the call. It excludes Encoder. Defaults to one string, the text.
	Strings func(ent zapcore.Entry, fields []zapcore.Field) []string
	// Data returns what the Event Viewer shows as binary data, at most 61,440 bytes. They reduce the room for the strings. Defaults to
	// none.
	Data func(ent zapcore.Entry, fields []zapcore.Field) []byte
	// User is the account that the Event Viewer shows: "S-1-5-18", "DOMAIN\name" or "name". The Uid of package os/user is in
	// the first form. Defaults to none.
	User string

	// Timeout bounds each attempt to write an event, and Close. Defaults to 5 s; negative is none.
	Timeout time.Duration
	// RetryStart is how long the log is left alone after a timeout. Defaults to 1 s, or RetryMax if that is less.
	RetryStart time.Duration
	// RetryFactor multiplies that time at each further timeout. Defaults to 2.
	RetryFactor float64
	// RetryMax limits that time, except for RetryStart itself. Defaults to 30 s.
	RetryMax time.Duration
	// RetryJitter replaces each of these times by a random one between zero and its value.
	RetryJitter bool
	// OnError is called with the errors for which no caller waits: that an event whose Write had timed out is in the log after all. It
	// is told once. Defaults to a line on stderr.
	OnError func(error)
}

const (
	applicationLog = "Application"
	defaultTimeout = 5 * time.Second
	maxName        = 255 // of a registry key
)

func (cfg Config) withDefaults() (Config, error) {
	if cfg.Source == "" {
		return cfg, errors.New("eventlog: Config.Source is required")
	}
	if cfg.Log == "" {
		cfg.Log = applicationLog
	}
	if cfg.MessageFile == "" {
		cfg.MessageFile = eventCreate
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	for _, f := range []struct{ field, name string }{{"Source", cfg.Source}, {"Log", cfg.Log}} {
		if !validName(f.name) {
			return cfg, fmt.Errorf("eventlog: Config.%s %q: a name has no backslash, quote or control character, and at most %d bytes",
				f.field, f.name, maxName)
		}
	}
	err := cfg.backoff().Check()
	if err == nil {
		err = base.Interval{Field: "Timeout", Value: cfg.Timeout, Shortest: base.ShortestTimeout, Example: "5 * time.Second"}.Check()
	}
	if err != nil {
		return cfg, fmt.Errorf("eventlog: Config.%w", err)
	}
	if cfg.Encoder != nil && cfg.Strings != nil {
		return cfg, errors.New("eventlog: Config.Encoder is not for Strings, which makes the texts")
	}
	if strings.ContainsAny(cfg.MessageFile, "\x00\"") {
		return cfg, fmt.Errorf("eventlog: Config.MessageFile %q: a path has no quote", cfg.MessageFile)
	}
	return cfg, nil
}

func (cfg Config) backoff() base.Backoff {
	return base.Backoff{Start: cfg.RetryStart, Factor: cfg.RetryFactor, Max: cfg.RetryMax, Jitter: cfg.RetryJitter}
}

// validName reports whether a name can be a registry key, and be quoted on a command line.
func validName(name string) bool {
	forbidden := func(r rune) bool { return r < ' ' || r == '\x7f' || r == '\\' || r == '"' }
	return len(name) <= maxName && !strings.ContainsFunc(name, forbidden)
}

// Core writes records to the Windows event log: Python's NTEventLogHandler. It is a zapcore.Core, safe for concurrent use.
//
// Beside the methods of zapcore.Core it has Close, which must be called, Stats, Level, and WriteBatch, with which a queue hands over
// many records. Sync has nothing to do. Close leaves the source installed; see Remove.
type Core struct{ *base.Handler }

// New returns a Core. It needs no rights if the source is installed. If it is not, the error wraps fs.ErrNotExist and says
// what an administrator has to run. If this process may not install it, or not write to the log, the error wraps
// fs.ErrPermission. On systems other than Windows it wraps errors.ErrUnsupported.
func New(cfg Config) (*Core, error) {
	windows, err := system()
	if err != nil {
		return nil, err
	}
	return newCore(windows, cfg)
}

func newCore(windows api, cfg Config) (*Core, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	found, err := ensure(windows, cfg)
	if err != nil {
		return nil, err
	}
	var user []byte
	if cfg.User != "" {
		if user, err = windows.sid(cfg.User); err != nil {
			return nil, fmt.Errorf("eventlog: Config.User %q: %w", cfg.User, err)
		}
	}
	emitter, err := newEmitter(&worker{api: windows, source: cfg.Source, event: event{user: user}}, cfg.Timeout)
	if err != nil {
		return nil, err
	}
	handler, err := base.NewHandler(base.HandlerConfig{
		Name:      "eventlog",
		Level:     cfg.Level,
		Formatter: newFormatter(cfg, found),
		Emitter:   emitter,
		Backoff:   cfg.backoff(),
		Report:    base.NewReporter("eventlog", cfg.OnError),
	})
	if err != nil {
		return nil, errors.Join(err, emitter.Close())
	}
	return &Core{handler}, nil
}
