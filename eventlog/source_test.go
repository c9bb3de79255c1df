package eventlog

import (
	"errors"
	"io/fs"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// configOf returns cfg as New, Install and Remove see it.
func configOf(t *testing.T, cfg Config) Config {
	t.Helper()
	cfg, err := cfg.withDefaults()
	require.NoError(t, err)
	return cfg
}

func TestInstallAndRemove(t *testing.T) {
	windows := newFakeWindows()
	cfg := configOf(t, Config{Source: "orders"})
	require.NoError(t, remove(windows, cfg), "removing what is not there is no error")
	for range 2 {
		require.NoError(t, install(windows, cfg), "installing twice is no error")
		assert.Equal(t, registration{`%SystemRoot%\System32\EventCreate.exe`, 7, 1}, windows.keys["Application"]["orders"])
	}
	require.NoError(t, install(windows, configOf(t, Config{Source: "orders", MessageFile: `C:\orders.dll`})))
	assert.Equal(t, `C:\orders.dll`, windows.keys["Application"]["orders"].EventMessageFile, "installing again changes the message file")
	for range 2 {
		require.NoError(t, remove(windows, cfg))
		assert.Empty(t, windows.keys["Application"])
	}
}

func TestInstallInALogOfOnesOwn(t *testing.T) {
	windows := newFakeWindows()
	cfg := configOf(t, Config{Source: "orders", Log: "Acme"})
	require.NoError(t, install(windows, cfg))
	assert.Contains(t, windows.keys["Acme"], "orders")
	_, err := newCore(windows, Config{Source: "orders"})
	require.ErrorContains(t, err, `in log "Application": it is installed in log "Acme"`, "Windows would log to Acme")
	require.ErrorContains(t, install(windows, configOf(t, Config{Source: "orders"})), `it is installed in log "Acme"`)
	require.NoError(t, remove(windows, cfg))
	assert.Contains(t, windows.keys, "Acme", "the log stays")
}

func TestSourcesOfTheSystemAreLeftAlone(t *testing.T) {
	windows := newFakeWindows()
	theirs := registration{EventMessageFile: `%SystemRoot%\System32\services.exe`, TypesSupported: 7}
	windows.keys["System"]["Service Control Manager"] = theirs
	cfg := configOf(t, Config{Source: "Service Control Manager", Log: "System"})
	require.ErrorContains(t, install(windows, cfg), "eventlog: install source \"Service Control Manager\" in log \"System\": it is not one")
	require.ErrorContains(t, remove(windows, cfg), "eventlog: remove source \"Service Control Manager\" in log \"System\": it is not one")
	assert.Equal(t, theirs, windows.keys["System"]["Service Control Manager"])
}

func TestWithoutRights(t *testing.T) {
	windows := newFakeWindows("orders")
	windows.denied = fs.ErrPermission
	missing := configOf(t, Config{Source: "billing", InstallIfMissing: true})
	for name, err := range map[string]error{
		"install": install(windows, missing),
		"remove":  remove(windows, configOf(t, Config{Source: "orders"})),
		"New":     second(newCore(windows, missing)),
	} {
		require.ErrorIs(t, err, fs.ErrPermission, name)
		assert.ErrorContains(t, err, "it takes the rights of an administrator", name)
	}
	assert.NoError(t, remove(windows, missing), "what is not there needs no rights to be removed")
	open(t, windows, Config{})
	open(t, windows, Config{InstallIfMissing: true})
}

func second(_ *Core, err error) error { return err }

func TestNewWithoutTheSource(t *testing.T) {
	windows := newFakeWindows()
	_, err := newCore(windows, Config{Source: "orders", MessageFile: `C:\Program Files\orders.dll`})
	require.ErrorIs(t, err, fs.ErrNotExist)
	const key = `reg add "HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\orders" /f `
	assert.ErrorContains(t, err, `an administrator has to run, once: `+
		key+`/v EventMessageFile /t REG_EXPAND_SZ /d "C:\Program Files\orders.dll" && `+
		key+`/v TypesSupported /t REG_DWORD /d 7 && `+
		key+`/v CustomSource /t REG_DWORD /d 1`)
	assert.Zero(t, windows.opens, "New did nothing")

	open(t, windows, Config{InstallIfMissing: true})
	assert.Contains(t, windows.keys["Application"], "orders")
	open(t, windows, Config{})
}

func TestLogThatMayNotBeRead(t *testing.T) {
	windows := newFakeWindows("orders")
	windows.unreadable = "Security"
	open(t, windows, Config{Log: "Security"}) // Windows itself says whether it may be written
	open(t, windows, Config{})
}

func TestEventCreateIsKnownByItsName(t *testing.T) {
	for _, file := range []string{eventCreate, `C:\Windows\System32\eventcreate.exe`, `c:/windows/system32/EVENTCREATE.EXE`, "EventCreate.exe"} {
		assert.True(t, isEventCreate(file), file)
	}
	for _, file := range []string{"", `C:\EventCreate.exe\my.dll`, `C:\my.dll;%SystemRoot%\System32\EventCreate.exe`, `C:\MyEventCreate.exe`} {
		assert.False(t, isEventCreate(file), file)
	}
}

func TestOtherSystems(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("this is Windows")
	}
	_, err := New(Config{Source: "orders"})
	require.ErrorIs(t, err, errors.ErrUnsupported)
	assert.ErrorContains(t, err, "eventlog: the Windows event log on "+runtime.GOOS)
	require.ErrorIs(t, Install(Config{Source: "orders"}), errors.ErrUnsupported)
	require.ErrorIs(t, Remove(Config{Source: "orders"}), errors.ErrUnsupported)
}
