//go:build linux

package sysloghandler

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

const (
	journalRun   = "/run/systemd/journal"
	journalFiles = "/run/log/journal"
	journaldPath = "/lib/systemd/systemd-journald"
)

// startJournald runs systemd's journal as a plain process. Its paths are fixed, so it runs only where no other does.
func startJournald(t *testing.T) (socket string) {
	for _, program := range []string{journaldPath, "journalctl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("no journald here: ", err)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("journald needs root")
	}
	for _, path := range []string{journalRun, journalFiles} {
		if _, err := os.Stat(path); err == nil {
			t.Skipf("%s is there already: a journal of the machine's own", path)
		}
	}
	require.NoError(t, os.MkdirAll(journalRun, 0o755))
	cmd := exec.Command(journaldPath)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(journalRun)
		_ = os.RemoveAll(journalFiles)
	})
	socket = filepath.Join(journalRun, "dev-log")
	for _, path := range []string{socket, journalSocket} { // in whatever order it makes them
		require.Eventually(t, func() bool { _, err := os.Stat(path); return err == nil }, soon, tick)
	}
	return socket
}

// journaled is a record as journalctl tells it.
type journaled struct {
	Message    string `json:"MESSAGE"`
	Priority   string `json:"PRIORITY"`
	Facility   string `json:"SYSLOG_FACILITY"`
	Identifier string `json:"SYSLOG_IDENTIFIER"`
	PID        string `json:"SYSLOG_PID"`
	Timestamp  string `json:"SYSLOG_TIMESTAMP"`
}

func readJournal(tag string) (all []journaled) {
	out, err := exec.Command("journalctl", "-D", journalFiles, "-o", "json", "-t", tag).Output()
	if err != nil {
		return nil
	}
	for _, line := range bytes.Split(bytes.TrimSpace(out), []byte("\n")) {
		var j journaled
		if json.Unmarshal(line, &j) != nil {
			return nil
		}
		all = append(all, j)
	}
	return all
}

func TestJournald(t *testing.T) {
	socket := startJournald(t)
	tag := fmt.Sprintf("zaphandlers-%d", time.Now().UnixNano())
	log := logger(t, Config{Network: "local", AppName: tag, ProcID: "4711", Facility: "local3", OnError: never(t), Timeout: soon,
		sockets: []string{socket}})
	log.Info("order taken", zap.Int("status", 200), zap.String("path", `/"a"`))
	log.Error("two\nlines")
	log.Warn("NUL \x00 and a tail")

	var got []journaled
	require.Eventually(t, func() bool { got = readJournal(tag); return len(got) == 3 }, soon, 50*tick, "the journal has them")
	for i, want := range []struct{ message, priority string }{
		{`order taken status="200" path="/\"a\""`, "6"},
		{"two\nlines", "3"},
		{`NUL \x00 and a tail`, "4"},
	} {
		assert.Equal(t, want.message, got[i].Message)
		assert.Equal(t, want.priority, got[i].Priority)
		assert.Equal(t, "19", got[i].Facility, "local3")
		assert.Equal(t, tag, got[i].Identifier)
		assert.Equal(t, "4711", got[i].PID)
		_, err := time.Parse(time.Stamp+" ", got[i].Timestamp)
		assert.NoError(t, err)
	}
}

// TestJournaldReadsItsOwnProtocol reads back what Network "journal" sends.
func TestJournaldReadsItsOwnProtocol(t *testing.T) {
	startJournald(t)
	tag := fmt.Sprintf("zaphandlers-native-%d", time.Now().UnixNano())
	log := logger(t, Config{Network: journal, AppName: tag, ProcID: "4711", Facility: Local3, OnError: never(t), Timeout: soon})
	large := strings.Repeat("0123456789 ", 100_000) // more than a datagram holds
	log.Named("orders").Info("order taken", zap.Int("status", 200), zap.String("path", `/"a"`), zap.Dict("client", zap.String("ip", "::1")))
	log.Error("two\nlines", zap.String("value", "a\nb=c\n"), zap.String("message", "not the message"), zap.Int("k", 1), zap.Int("K", 1))
	log.Warn("large", zap.String("large", large))
	log.Debug("the last")

	var got []map[string]any
	require.Eventually(t, func() bool { got = readEntries(tag); return len(got) == 4 }, soon, 50*tick, "the journal has them")
	for i, want := range []map[string]string{
		{"MESSAGE": "order taken", "PRIORITY": "6", "SYSLOG_FACILITY": "19", "SYSLOG_PID": "4711", "LOGGER": "orders", "STATUS": "200",
			"PATH": `/"a"`, "CLIENT_IP": "::1"},
		{"MESSAGE": "two\nlines", "PRIORITY": "3", "VALUE": "a\nb=c\n", "XMESSAGE": "not the message", "K": "1", "K_2": "1"},
		{"MESSAGE": "large", "PRIORITY": "4", "LARGE": large},
		{"MESSAGE": "the last", "PRIORITY": "7"},
	} {
		for name, value := range want {
			assert.True(t, got[i][name] == value, "entry %d: %s is %.60v, not %.60v", i, name, got[i][name], value)
		}
	}
}

func readEntries(tag string) (all []map[string]any) {
	out, err := exec.Command("journalctl", "-D", journalFiles, "-o", "json", "--all", "-t", tag).Output()
	if err != nil {
		return nil
	}
	for _, line := range bytes.Split(bytes.TrimSpace(out), []byte("\n")) {
		var j map[string]any
		if json.Unmarshal(line, &j) != nil {
			return nil
		}
		all = append(all, j)
	}
	return all
}
