package eventlog

import (
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sys/windows"
	winreg "golang.org/x/sys/windows/registry"

	"example.com/zaphandlers/internal/peers"
)

// These run on Windows, as an administrator, or under wine.

// missing skips a test; under wine, where scripts/wine brings what it takes, it fails.
func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("ZAPHANDLERS_WINE") != "" {
		require.FailNow(t, why)
	}
	peers.Missing(t, why)
}

// newSource returns the Config of a source that does not exist, whatever a test that was killed has left, and has it removed
// after the test.
func newSource(t *testing.T, log string) Config {
	t.Helper()
	cfg := Config{Source: fmt.Sprintf("zaphandlers test %s %s", rand.Text()[:8], t.Name()), Log: log}
	if err := Install(cfg); err != nil {
		missing(t, err.Error())
	}
	require.NoError(t, Remove(cfg))
	t.Cleanup(func() { assert.NoError(t, Remove(cfg)) })
	return cfg
}

func TestRegistry(t *testing.T) {
	cfg := newSource(t, "")
	path := eventLogKey + `\Application\` + cfg.Source
	for range 2 {
		require.NoError(t, Install(cfg), "installing twice is no error")
		key, err := winreg.OpenKey(winreg.LOCAL_MACHINE, path, winreg.QUERY_VALUE)
		require.NoError(t, err)
		file, kind, err := key.GetStringValue("EventMessageFile")
		require.NoError(t, err)
		assert.Equal(t, `%SystemRoot%\System32\EventCreate.exe`, file)
		assert.Equal(t, uint32(winreg.EXPAND_SZ), kind, "those who read it expand it")
		for name, want := range map[string]uint64{"TypesSupported": 7, "CustomSource": 1} {
			got, kind, err := key.GetIntegerValue(name)
			require.NoError(t, err)
			assert.Equal(t, want, got, name)
			assert.Equal(t, uint32(winreg.DWORD), kind, name)
		}
		require.NoError(t, key.Close())
	}
	for range 2 {
		require.NoError(t, Remove(cfg), "removing twice is no error")
		_, err := winreg.OpenKey(winreg.LOCAL_MACHINE, path, winreg.QUERY_VALUE)
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
}

func TestLogOfOnesOwn(t *testing.T) {
	cfg := newSource(t, "zaphandlers test")
	t.Cleanup(func() { _ = winreg.DeleteKey(winreg.LOCAL_MACHINE, eventLogKey+`\zaphandlers test`) })
	require.NoError(t, Install(cfg))
	logs, err := new(windowsAPI).logs()
	require.NoError(t, err)
	assert.Contains(t, logs, "zaphandlers test")
	_, err = New(Config{Source: cfg.Source})
	require.ErrorContains(t, err, `it is installed in log "zaphandlers test"`)
	core, err := New(cfg)
	require.NoError(t, err)
	require.NoError(t, core.Close())
}

// TestSourceOfOtherOrigin reads a key as others make it.
func TestSourceOfOtherOrigin(t *testing.T) {
	cfg := newSource(t, "")
	key, _, err := winreg.CreateKey(winreg.LOCAL_MACHINE, eventLogKey+`\Application\`+cfg.Source, winreg.SET_VALUE)
	require.NoError(t, err)
	defer key.Close()
	found, err := new(windowsAPI).lookUp("Application", cfg.Source)
	require.NoError(t, err)
	assert.Equal(t, registration{}, found, "what is not there is zero")
	require.ErrorContains(t, Remove(cfg), "it is not one that an application has installed")
	require.NoError(t, key.SetDWordValue("CustomSource", 1))
	require.NoError(t, key.SetStringValue("EventMessageFile", `C:\messages.dll`))
	found, err = new(windowsAPI).lookUp("Application", cfg.Source)
	require.NoError(t, err)
	assert.Equal(t, registration{EventMessageFile: `C:\messages.dll`, CustomSource: 1}, found)
}

// TestCommandsThatNewNames runs what New tells the administrator to run.
func TestCommandsThatNewNames(t *testing.T) {
	cfg := newSource(t, "")
	_, err := New(cfg)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, commands, found := strings.Cut(err.Error(), "an administrator has to run, once: ")
	require.True(t, found, err)

	cmd := exec.Command("cmd.exe")
	cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: `cmd.exe /s /c "` + commands + `"`}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", commands, out)
	installed, err := new(windowsAPI).lookUp("Application", cfg.Source)
	require.NoError(t, err)
	assert.Equal(t, uint32(7), installed.TypesSupported)
	assert.Equal(t, uint32(1), installed.CustomSource)
	assert.True(t, isEventCreate(installed.EventMessageFile), installed.EventMessageFile)
	core, err := New(cfg)
	require.NoError(t, err)
	require.NoError(t, core.Close())
}

func TestInstallIfMissing(t *testing.T) {
	cfg := newSource(t, "")
	cfg.InstallIfMissing = true
	for range 2 {
		core, err := New(cfg)
		require.NoError(t, err)
		require.NoError(t, core.Close())
	}
}

// wineTrace waits until wine has said all of want about events, and returns all it said.
func wineTrace(t *testing.T, want ...string) string {
	t.Helper()
	path := os.Getenv("ZAPHANDLERS_WINE_TRACE")
	if path == "" {
		missing(t, "only wine tells what became of an event; see scripts/wine")
	}
	var trace string
	require.Eventually(t, func() bool {
		b, err := os.ReadFile(path)
		trace = string(b)
		for _, text := range want {
			if !strings.Contains(trace, text) {
				return false
			}
		}
		return err == nil
	}, 5*time.Second, 10*time.Millisecond, "wine has not said %q, but\n%s", want, trace)
	return trace
}

// TestEventsReachWindows has each type seen in wine's own words: its channel says a Warning as warn, an Error as err.
func TestEventsReachWindows(t *testing.T) {
	cfg := newSource(t, "")
	require.NoError(t, Install(cfg))
	cfg.Encoder = zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"})
	core, err := New(cfg)
	require.NoError(t, err)
	logger := zap.New(core)
	token := fmt.Sprintf("token-%d", os.Getpid())
	logger.Debug(token + "-debug")
	logger.Info(token+"-info", zap.String("name", "Käse"))
	logger.Warn(token + "-warn")
	logger.Error(token + "-error")
	require.NoError(t, core.Close())
	assert.Equal(t, Stats{Accepted: 4, Delivered: 4}, core.Stats())
	text := func(level string) string { return `L"{\"m\":\"` + token + "-" + level }
	trace := wineTrace(t,
		"trace:eventlog:ReportEventW "+text("debug")+`\"}"`,
		"trace:eventlog:ReportEventW "+text("info")+`\",\"name\":\"K\00e4se\"}"`,
		"warn:eventlog:ReportEventW "+text("warn"),
		"err:eventlog:ReportEventW "+text("error"),
	)
	assert.Equal(t, 4, strings.Count(trace, token), "each event has its own text, once")
}

// TestAllThatAnEventMayHave passes strings, data, category and user to the real call.
func TestAllThatAnEventMayHave(t *testing.T) {
	cfg := newSource(t, "")
	require.NoError(t, Install(cfg))
	me, err := user.Current()
	require.NoError(t, err)
	cfg.User = me.Uid
	cfg.EventID = func(zapcore.Entry) uint32 { return 1000 }
	cfg.Category = func(zapcore.Entry) uint16 { return 7 }
	cfg.Strings = func(ent zapcore.Entry, _ []zapcore.Field) []string {
		return []string{ent.Message, "", "third-" + ent.Message}
	}
	cfg.Data = func(zapcore.Entry, []zapcore.Field) []byte { return []byte{1, 2, 3} }
	core, err := New(cfg)
	require.NoError(t, err)
	message := fmt.Sprintf("all-%d", os.Getpid())
	require.NoError(t, core.Write(entry(zapcore.WarnLevel, message), nil))
	require.NoError(t, core.Close())
	wineTrace(t, `warn:eventlog:ReportEventW L"`+message+`"`, `warn:eventlog:ReportEventW L""`, `warn:eventlog:ReportEventW L"third-`+message+`"`)
}

func TestAccounts(t *testing.T) {
	api := new(windowsAPI)
	me, err := user.Current()
	require.NoError(t, err)
	for _, account := range []string{me.Uid, me.Username} {
		sid, err := api.sid(account)
		require.NoError(t, err, account)
		want, err := windows.StringToSid(me.Uid)
		require.NoError(t, err)
		assert.Len(t, sid, want.Len(), account)
		assert.Equal(t, byte(1), sid[0], "the revision of a SID")
	}
	_, err = api.sid("S-1-nonsense")
	require.Error(t, err)
	_, err = api.sid("nobody of this name")
	require.Error(t, err)
}

func TestErrorsThatCondemnAnEvent(t *testing.T) {
	api := new(windowsAPI)
	assert.True(t, api.rejects(fmt.Errorf("wrapped: %w", windows.RPC_S_INVALID_BOUND)))
	assert.True(t, api.rejects(windows.ERROR_INVALID_PARAMETER))
	assert.False(t, api.rejects(windows.ERROR_INVALID_HANDLE))
	assert.False(t, api.rejects(windows.RPC_S_SERVER_UNAVAILABLE))
	assert.False(t, api.rejects(nil))
}

func TestAllocationsOfTheRealCall(t *testing.T) {
	cfg := newSource(t, "")
	require.NoError(t, Install(cfg))
	core, err := New(cfg)
	require.NoError(t, err)
	defer core.Close()
	fields := []zapcore.Field{zap.Int("order", 1234), zap.String("reason", "card expired")}
	ent := entry(zapcore.InfoLevel, filepath.Base(t.Name()))
	assert.Zero(t, testing.AllocsPerRun(200, func() {
		if err := core.Write(ent, fields); err != nil {
			t.Error(err)
		}
	}))
}
