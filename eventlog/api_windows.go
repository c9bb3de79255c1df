package eventlog

import (
	"errors"
	"io/fs"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
	winreg "golang.org/x/sys/windows/registry"
)

// system returns the calls of Windows.
func system() (api, error) { return new(windowsAPI), nil }

// windowsAPI is the api of Windows itself. Only one goroutine at a time may call report.
type windowsAPI struct {
	strings []*uint16 // owned by report
}

func (*windowsAPI) open(source string) (handle, error) {
	name, err := windows.UTF16PtrFromString(source)
	if err != nil {
		return 0, err
	}
	h, err := windows.RegisterEventSource(nil, name)
	return handle(h), err
}

func (w *windowsAPI) report(h handle, ev *event) error {
	w.strings = w.strings[:0]
	for _, at := range ev.starts {
		w.strings = append(w.strings, &ev.text[at])
	}
	err := windows.ReportEvent(windows.Handle(h), uint16(ev.kind), ev.category, ev.id, uintptr(unsafe.Pointer(unsafe.SliceData(ev.user))),
		uint16(len(w.strings)), uint32(len(ev.data)), unsafe.SliceData(w.strings), unsafe.SliceData(ev.data))
	runtime.KeepAlive(ev)
	return err
}

func (*windowsAPI) close(h handle) error { return windows.DeregisterEventSource(windows.Handle(h)) }

// rejects recognises the errors with which the versions of Windows refuse an event that is too large, or malformed.
func (*windowsAPI) rejects(err error) bool {
	for _, fault := range []syscall.Errno{
		windows.ERROR_INVALID_PARAMETER, windows.RPC_S_INVALID_BOUND, windows.RPC_S_STRING_TOO_LONG, windows.RPC_X_BAD_STUB_DATA,
	} {
		if errors.Is(err, fault) {
			return true
		}
	}
	return false
}

func (*windowsAPI) sid(account string) ([]byte, error) {
	sid, err := windows.StringToSid(account)
	if !strings.HasPrefix(account, "S-1-") {
		sid, _, _, err = windows.LookupSID("", account)
	}
	if err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(sid)
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(sid)), sid.Len())...), nil
}

// eventLogKey is where, under HKEY_LOCAL_MACHINE, each log has a key, and each source one below its log's.
const eventLogKey = `SYSTEM\CurrentControlSet\Services\EventLog`

func (*windowsAPI) logs() ([]string, error) {
	key, err := winreg.OpenKey(winreg.LOCAL_MACHINE, eventLogKey, winreg.ENUMERATE_SUB_KEYS)
	if err != nil {
		return nil, err
	}
	defer func() { _ = key.Close() }()
	return key.ReadSubKeyNames(-1)
}

// lookUp returns zero for a value that is missing: sources of other origin lack some.
func (*windowsAPI) lookUp(log, source string) (r registration, err error) {
	key, err := winreg.OpenKey(winreg.LOCAL_MACHINE, eventLogKey+`\`+log+`\`+source, winreg.QUERY_VALUE)
	if err != nil {
		return r, err
	}
	defer func() { _ = key.Close() }()
	if r.EventMessageFile, _, err = key.GetStringValue("EventMessageFile"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	for name, value := range map[string]*uint32{"TypesSupported": &r.TypesSupported, "CustomSource": &r.CustomSource} {
		n, _, err := key.GetIntegerValue(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return r, err
		}
		*value = uint32(n)
	}
	return r, nil
}

func (*windowsAPI) register(log, source string, r registration) error {
	key, _, err := winreg.CreateKey(winreg.LOCAL_MACHINE, eventLogKey+`\`+log+`\`+source, winreg.SET_VALUE)
	if err != nil {
		return err
	}
	defer func() { _ = key.Close() }()
	return errors.Join(
		key.SetExpandStringValue("EventMessageFile", r.EventMessageFile),
		key.SetDWordValue("TypesSupported", r.TypesSupported),
		key.SetDWordValue("CustomSource", r.CustomSource),
	)
}

func (*windowsAPI) unregister(log, source string) error {
	key, err := winreg.OpenKey(winreg.LOCAL_MACHINE, eventLogKey+`\`+log, winreg.ENUMERATE_SUB_KEYS)
	if err != nil {
		return err
	}
	defer func() { _ = key.Close() }()
	return winreg.DeleteKey(key, source)
}
