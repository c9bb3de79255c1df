package eventlog

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// eventCreate is the default message file. It has a text, "%1", for each of the ids from 1 to lastEventCreateID.
const (
	eventCreate       = `%SystemRoot%\System32\EventCreate.exe`
	lastEventCreateID = 1000
)

// isEventCreate reports whether file is EventCreate.exe, in any directory, and not a list of several files.
func isEventCreate(file string) bool {
	return strings.EqualFold(file[strings.LastIndexAny(file, `\/`)+1:], "EventCreate.exe") && !strings.Contains(file, ";")
}

func (cfg Config) registration() registration {
	return registration{EventMessageFile: cfg.MessageFile, TypesSupported: uint32(Error | Warning | Information), CustomSource: 1}
}

// Install registers cfg.Source with Windows, and cfg.Log if that is a new one. If the source exists already, it gets
// cfg.MessageFile. Install needs the rights of an administrator: without them the error wraps fs.ErrPermission. It is an error, and
// nothing changes, if a source of that name exists in another log, or was not made by an application.
func Install(cfg Config) error { return onSystem(cfg, install) }

// Remove undoes Install. The log, and the events in it, stay. It is no error if there is no such source. It is an error, and nothing
// changes, if the source was not made by an application. Like Install it needs the rights of an administrator.
func Remove(cfg Config) error { return onSystem(cfg, remove) }

func onSystem(cfg Config, do func(registry, Config) error) error {
	windows, err := system()
	if err != nil {
		return err
	}
	if cfg, err = cfg.withDefaults(); err != nil {
		return err
	}
	return do(windows, cfg)
}

func install(r registry, cfg Config) error {
	_, err := find(r, cfg)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = r.register(cfg.Log, cfg.Source, cfg.registration())
	}
	return explain("install", cfg, err)
}

func remove(r registry, cfg Config) error {
	found, err := r.lookUp(cfg.Log, cfg.Source)
	if err == nil {
		err = checkOwner(found)
	}
	if err == nil {
		err = r.unregister(cfg.Log, cfg.Source)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return explain("remove", cfg, err)
}

// ensure returns the registration of the source that New is to use.
func ensure(r registry, cfg Config) (registration, error) {
	found, err := locate(r, cfg)
	switch {
	case errors.Is(err, fs.ErrNotExist) && cfg.InstallIfMissing:
		return cfg.registration(), install(r, cfg)
	case errors.Is(err, fs.ErrNotExist):
		return found, fmt.Errorf("eventlog: source %q in log %q: %w: an administrator has to run, once: %s",
			cfg.Source, cfg.Log, err, commands(cfg))
	case errors.Is(err, fs.ErrPermission):
		return found, nil // it may exist, although it may not be read
	case err != nil:
		return found, explain("use", cfg, err)
	}
	return found, nil
}

// find is locate before a change: a source that no application has made is an error.
func find(r registry, cfg Config) (registration, error) {
	found, err := locate(r, cfg)
	if err == nil {
		err = checkOwner(found)
	}
	return found, err
}

func checkOwner(found registration) error {
	if found.CustomSource == 0 {
		return errors.New("it is not one that an application has installed")
	}
	return nil
}

// locate looks up the source in its log. It is an error if another log has it, because Windows uses the first log that has a source.
func locate(r registry, cfg Config) (registration, error) {
	found, err := r.lookUp(cfg.Log, cfg.Source)
	if !errors.Is(err, fs.ErrNotExist) {
		return found, err
	}
	logs, listErr := r.logs()
	if listErr != nil {
		return found, err
	}
	for _, log := range logs {
		if _, elsewhere := r.lookUp(log, cfg.Source); elsewhere == nil {
			return found, fmt.Errorf("it is installed in log %q, and a source is in one log only", log)
		}
	}
	return found, err
}

func explain(verb string, cfg Config, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission):
		err = fmt.Errorf("%w: it takes the rights of an administrator (from a command prompt: Run as administrator)", err)
	}
	return fmt.Errorf("eventlog: %s source %q in log %q: %w", verb, cfg.Source, cfg.Log, err)
}

// commands returns the commands that install the source, for the command prompt.
func commands(cfg Config) string {
	want := cfg.registration()
	add := fmt.Sprintf(`reg add "HKLM\SYSTEM\CurrentControlSet\Services\EventLog\%s\%s" /f`, cfg.Log, cfg.Source)
	return fmt.Sprintf(`%s /v EventMessageFile /t REG_EXPAND_SZ /d "%s" && %s /v TypesSupported /t REG_DWORD /d %d && %s /v CustomSource /t REG_DWORD /d %d`,
		add, want.EventMessageFile, add, want.TypesSupported, add, want.CustomSource)
}
