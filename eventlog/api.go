package eventlog

// api is what this package needs of Windows. All else is the same on every system, and is tested on every system over a fake.
type api interface {
	registry

	// open returns a handle to the log of source: RegisterEventSource.
	open(source string) (handle, error)
	// report writes one event: ReportEvent. It keeps nothing of ev.
	report(h handle, ev *event) error
	// close gives a handle back: DeregisterEventSource.
	close(h handle) error
	// condemns tells whether err, which report returned, is about the event, so that no other attempt can succeed.
	condemns(err error) bool
	// sid returns the security identifier of an account, which is given as a SID's text or by its name.
	sid(account string) ([]byte, error)
}

// registry is what Windows knows about sources. Errors wrap fs.ErrNotExist and fs.ErrPermission where they mean it.
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

// registration is what the registry says of a source, each field under its own name.
type registration struct {
	EventMessageFile string // %NAME% is expanded by those who read it
	TypesSupported   uint32
	CustomSource     uint32 // 1 for those that applications made
}
