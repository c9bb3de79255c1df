package backends

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

// zincSearch starts ZincSearch: what it has of Elasticsearch's API.
func zincSearch(t testing.TB) *server {
	path := program(t, "ZAPHANDLERS_ZINCSEARCH")
	dir, port := t.TempDir(), freePort(t)
	return run(t, "127.0.0.1:"+port, "/healthz", func() *exec.Cmd {
		cmd := exec.Command(path)
		cmd.Env = append(os.Environ(), "ZINC_SERVER_PORT="+port, "ZINC_DATA_PATH="+dir, "ZINC_FIRST_ADMIN_USER=admin", "ZINC_FIRST_ADMIN_PASSWORD=admin",
			"ZINC_TELEMETRY=false", "ZINC_SENTRY=false")
		cmd.Dir = dir
		return cmd
	})
}

// documents asks for those of an index until there are so many.
func documents(t testing.TB, s *server, index string, want int) (found []map[string]any) {
	require.Eventually(t, func() bool {
		_, answer := s.ask("POST", "/es/"+index+"/_search", "application/json", `{"query":{"match_all":{}},"size":5000}`)
		var result struct {
			Hits struct {
				Hits []struct {
					Source map[string]any `json:"_source"`
				} `json:"hits"`
			} `json:"hits"`
		}
		if json.Unmarshal(answer, &result) != nil {
			return false
		}
		found = nil
		for _, hit := range result.Hits.Hits {
			found = append(found, hit.Source)
		}
		return len(found) >= want
	}, 20*time.Second, 200*time.Millisecond, "%d of %d documents", len(found), want)
	return found
}

// It takes no gzip: what unpacks it is a part of its web server that is not in its module.
func TestZincSearch(t *testing.T) {
	s := zincSearch(t)
	all := records("zinc")
	for i := range all { // the first value of a name makes its type there, so one name has one type here
		all[i].fields = all[i].fields[:2]
		if i%5 == 0 {
			all[i].fields = append(all[i].fields, zap.String("message", "forged"), zap.Error(fmt.Errorf("broken")), zap.Float64("f", 0.5))
		}
	}
	stats, _ := queued(t, httpcore.Config{URL: "http://" + s.addr + "/es/logs/_bulk",
		Envelope: httpcore.Elasticsearch(httpcore.ElasticsearchConfig{Index: "logs"})}, all)
	require.Equal(t, httpcore.Stats{Accepted: total, Delivered: total}, stats)
	seen := map[int]map[string]any{}
	for _, doc := range documents(t, s, "logs", total) {
		seen[int(doc["n"].(float64))] = doc
	}
	require.Len(t, seen, total)
	for n, r := range all {
		doc := seen[n]
		require.Equal(t, r.ent.Message, doc["message"])
		require.Equal(t, r.ent.Level.String(), doc["log.level"])
		at, err := time.Parse(time.RFC3339Nano, doc["@timestamp"].(string))
		require.NoError(t, err)
		require.WithinDuration(t, r.ent.Time, at, time.Microsecond, "its own times have no nanoseconds")
		if n%5 == 0 {
			require.Equal(t, []any{"forged", "broken", 0.5}, []any{doc["message_"], doc["error.message"], doc["f"]})
		}
	}
}

// It says "errors":false to a document that it cannot take, and does not read on: that one is refused, and the others are there.
func TestZincSearchOneBadRecord(t *testing.T) {
	s := zincSearch(t)
	core, err := httpcore.New(httpcore.Config{URL: "http://" + s.addr + "/es/bad/_bulk", Envelope: httpcore.Elasticsearch(httpcore.ElasticsearchConfig{Index: "bad"})})
	require.NoError(t, err)
	defer core.Close()
	all := records("bad")[:40]
	for i := range all {
		all[i].fields = append(all[i].fields[:2], zap.Float64("f", 1.5))
	}
	all[17].fields = append(all[17].fields[:2], zap.Float64("f", math.NaN()))
	n, err := core.WriteBatch(batchOf(t, all))
	require.Equal(t, 40, n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, []int{17}, rejected.Indexes)
	require.ErrorContains(t, err, "unsupported value")
	copies := map[float64]int{}
	for _, doc := range documents(t, s, "bad", 39) {
		copies[doc["n"].(float64)]++
	}
	require.Len(t, copies, 39)
	for n, c := range copies {
		require.Equal(t, 1, c, "record %v was sent again, and its id tells", n)
	}
}
