package eventlog

// api is what this package needs of Windows. All other code is the same on every system, and tested on every system with a fake api.
type api interface {
	registry

	// open returns a handle to the log of source: RegisterEventSource.
	open(source string) (handle, error)
	// report writes one event: ReportEvent. It keeps nothing of ev.
	report(h handle, ev *event) error
	// close closes a handle: DeregisterEventSource.
	close(h handle) error
	// rejects reports whether err, an error of report, is the event's own fault, so that no other attempt can succeed.
	rejects(err error) bool
	// sid returns the security identifier of an account, given as the text of a SID or as a name.
	sid(account string) ([]byte, error)
}

// registry is the part of the registry that describes sources. Its errors wrap fs.ErrNotExist or fs.ErrPermission where that is the cause.
type registry interface {
	// logs returns the names of all logs.
	logs() ([]string, error)
	// lookUp returns what is registered for a source.
	lookUp(log, source string) (registration, error)
	// register makes the source, and the log if there is none, or changes it.
	register(log, source string, r registration) error
	// unregister removes the source. The log stays.
	unregister(log, source string) error
}

// handle is an open event source; 0 is none.
type handle uintptr

// registration is the registry's entry for a source. Each field has the name of its value.
type registration struct {
	EventMessageFile string // %NAME% is expanded by its readers
	TypesSupported   uint32
	CustomSource     uint32 // 1 if an application made it
}
