package backends

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/internal/peers"
	base "example.com/zaphandlers/zapcore"
)

const clickHouseConfig = `<yandex>
<logger><level>warning</level><console>1</console></logger>
<http_port>%s</http_port><tcp_port>%s</tcp_port><listen_host>127.0.0.1</listen_host>
<path>%[3]s/data/</path><tmp_path>%[3]s/tmp/</tmp_path><users_config>users.xml</users_config>
<mark_cache_size>10000000</mark_cache_size><default_profile>default</default_profile><default_database>default</default_database>
</yandex>`

const clickHouseUsers = `<yandex><profiles><default></default></profiles><quotas><default></default></quotas>
<users><default><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default></users></yandex>`

func clickHouse(t testing.TB) *server {
	path := peers.Program(t, "clickhouse-server")
	dir, port := t.TempDir(), freePort(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.xml"), fmt.Appendf(nil, clickHouseConfig, port, freePort(t), dir), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "users.xml"), []byte(clickHouseUsers), 0o644))
	s := run(t, "127.0.0.1:"+port, "/ping", func() *exec.Cmd {
		cmd := exec.Command(path, "--config-file="+filepath.Join(dir, "config.xml"))
		cmd.Dir = dir
		return cmd
	})
	status, answer := s.ask("POST", "/", "text/plain", "CREATE TABLE logs (ts String, level String, msg String, run String, n Int64, k String) ENGINE = Memory")
	require.Equal(t, 200, status, "%s", answer)
	return s
}

// insert is the URL of JSON lines that go into the table.
func (s *server) insert() string {
	return "http://" + s.addr + "/?" + url.Values{"query": {"INSERT INTO logs FORMAT JSONEachRow"}, "input_format_skip_unknown_fields": {"1"}}.Encode()
}

func (s *server) selected(t testing.TB) (all []map[string]any) {
	status, answer := s.ask("POST", "/", "text/plain", "SELECT * FROM logs ORDER BY n FORMAT JSONEachRow")
	require.Equal(t, 200, status, "%s", answer)
	for line := range bytes.Lines(answer) {
		var r map[string]any
		require.NoError(t, json.Unmarshal(line, &r))
		all = append(all, r)
	}
	return all
}

// A member that is there twice would be 500 for the whole request, again and again.
func TestClickHouse(t *testing.T) {
	for _, gzip := range []bool{false, true} {
		s := clickHouse(t)
		all := records("ch")
		for i := range all {
			all[i].fields = append(all[i].fields[:2], zap.String("k", "first"), zap.String("k", "second"), zap.String("msg", "forged"), zap.String("ts", "forged"))
		}
		stats, _ := queued(t, httpcore.Config{URL: s.insert(), Envelope: httpcore.JSONLines(), Gzip: gzip, SplitOn: []int{500}}, all)
		require.Equal(t, httpcore.Stats{Accepted: total, Delivered: total}, stats)
		got := s.selected(t)
		require.Len(t, got, total)
		for n, r := range all {
			require.Equal(t, fmt.Sprint(n), got[n]["n"])
			require.Equal(t, r.ent.Message, got[n]["msg"])
			require.Equal(t, r.ent.Level.String(), got[n]["level"])
			require.Equal(t, "first", got[n]["k"])
			require.Equal(t, r.ent.Time.Format(time.RFC3339Nano), got[n]["ts"])
		}
	}
}

// It says 500 to a row that it cannot read, and stores none of the request: SplitOn finds the row.
func TestClickHouseOneBadRecord(t *testing.T) {
	s := clickHouse(t)
	core, err := httpcore.New(httpcore.Config{URL: s.insert(), Envelope: httpcore.JSONLines(), SplitOn: []int{500}, RetryOn: []int{404}})
	require.NoError(t, err)
	defer core.Close()
	var batch base.Batch
	for n := range 100 {
		number := zap.Int("n", n)
		if n == 63 {
			number = zap.String("n", "no number")
		}
		batch.Add(tape(t, zapcore.Entry{Time: noon, Message: "order"}, number))
	}
	n, err := core.WriteBatch(&batch)
	require.Equal(t, 100, n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, []int{63}, rejected.Indexes)
	require.Len(t, s.selected(t), 99, "each once")

	status, _ := s.ask("POST", "/", "text/plain", "DROP TABLE logs")
	require.Equal(t, 200, status)
	n, err = core.WriteBatch(&batch)
	require.Zero(t, n, "there is no table yet, and RetryOn waits for it")
	require.True(t, strings.Contains(err.Error(), "404"), err)
}
