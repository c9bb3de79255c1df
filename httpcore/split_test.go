package httpcore_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

// picky is a server that refuses a request for what is in it.
type picky struct {
	mu       sync.Mutex // guards the fields below
	refuse   func(lines []string) (status int, answer string)
	took     []string
	requests int
}

func (p *picky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests++
	if status, answer := p.refuse(lines); status == hangsUp {
		panic(http.ErrAbortHandler)
	} else if status != 0 {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
		return
	}
	p.took = append(p.took, lines...)
}

func (p *picky) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests
}

func (p *picky) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.took)
}

// bad refuses requests in which one of those lines is.
func bad(status int, which ...string) func([]string) (int, string) {
	return func(lines []string) (int, string) {
		for _, line := range lines {
			if slices.Contains(which, line) {
				return status, "cannot parse " + line
			}
		}
		return 0, ""
	}
}

func serving(t *testing.T, refuse func([]string) (int, string)) (*picky, string) {
	p := &picky{refuse: refuse}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return p, server.URL
}

// 400 is about one record, most likely: it is found, and no neighbour suffers.
func TestRecordAtFaultIsFound(t *testing.T) {
	texts := numbered(0, 100)
	for name, which := range map[string][]int{
		"the first": {0}, "the last": {99}, "one": {41}, "two neighbours": {41, 42}, "some": {3, 50, 51, 52, 98},
		"every second": func() (all []int) {
			for i := 0; i < 100; i += 2 {
				all = append(all, i)
			}
			return all
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			var wrong []string
			for _, i := range which {
				wrong = append(wrong, texts[i])
			}
			p, url := serving(t, bad(400, wrong...))
			core := lines(t, url, nil)
			n, err := core.WriteBatch(batchOf(t, texts...))
			require.Equal(t, 100, n)
			var rejected *base.RejectedError
			require.ErrorAs(t, err, &rejected)
			require.Equal(t, which, rejected.Indexes)
			require.ErrorContains(t, err, "cannot parse "+texts[which[0]])
			require.Equal(t, slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return slices.Contains(wrong, s) }), p.took, "in order, each once")
			require.Equal(t, base.Stats{Accepted: uint64(100 - len(which)), Delivered: uint64(100 - len(which)), Refused: uint64(len(which))}, core.Stats())
		})
	}
}

// 400 for the size of a request lowers the limit, as 413 does.
func TestTooLargeMayBe400(t *testing.T) {
	p, url := serving(t, func(lines []string) (int, string) {
		if len(lines) > 10 {
			return 400, "too big data size"
		}
		return 0, ""
	})
	core := lines(t, url, nil)
	texts := numbered(0, 300)
	requireTaken(t, core, batchOf(t, texts[:100]...))
	before := p.requests
	requireTaken(t, core, batchOf(t, texts[100:]...))
	require.Equal(t, texts, p.took, "in order, each once")
	require.LessOrEqual(t, p.requests-before, 200/5, "the limit is kept in mind: none was refused")
}

// What refuses every record for the same words is no record's fault: it is not asked about each.
func TestSharedCause(t *testing.T) {
	p, url := serving(t, func([]string) (int, string) { return 400, "unsupported path requested" })
	core := lines(t, url, nil)
	for batch, most := range []int{80, 20} {
		before := p.requests
		n, err := core.WriteBatch(batchOf(t, numbered(0, 5000)...))
		require.Equal(t, 5000, n)
		var rejected *base.RejectedError
		require.ErrorAs(t, err, &rejected)
		require.Len(t, rejected.Indexes, 5000)
		require.True(t, slices.IsSorted(rejected.Indexes))
		require.LessOrEqual(t, p.requests-before, most, "batch %d", batch)
	}
	p.refuse = bad(400)
	requireTaken(t, core, batchOf(t, "works again"))
}

// Many that are refused for the same words, and some that are not: none of these is lost for their neighbours, if samples find one.
func TestSharedCauseThatIsNot(t *testing.T) {
	texts := numbered(0, 200)
	_, url := serving(t, func(lines []string) (int, string) {
		for _, line := range lines {
			if line < "record-00100" {
				return 400, "no"
			}
		}
		return 0, ""
	})
	core := lines(t, url, nil)
	n, err := core.WriteBatch(batchOf(t, texts...))
	require.Equal(t, 200, n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Len(t, rejected.Indexes, 100)
	require.Equal(t, 99, rejected.Indexes[99])
	require.Equal(t, uint64(100), core.Stats().Delivered)
}

// A server that fails in the middle of the search: verdicts so far are kept, and the rest is sent again.
func TestFailureWhileSplitting(t *testing.T) {
	texts := numbered(0, 40)
	requests := 0
	p, url := serving(t, nil)
	p.refuse = func(lines []string) (int, string) {
		if requests++; requests%4 == 3 {
			return 503, ""
		}
		return bad(400, texts[7], texts[30])(lines)
	}
	core := lines(t, url, nil)
	h := holder{core: core}
	var tapes [][]byte
	for _, text := range texts {
		tapes = append(tapes, record(t, zapcore.Entry{Message: text}))
	}
	h.deliver(t, tapes)
	require.Equal(t, [][]byte{tapes[7], tapes[30]}, h.refused)
	require.Len(t, p.took, 38)
	require.Equal(t, uint64(38), core.Stats().Delivered)
}

func TestStatusesThatMeanMore(t *testing.T) {
	texts := numbered(0, 20)
	t.Run("RetryOn", func(t *testing.T) {
		status := 401
		p, url := serving(t, func([]string) (int, string) { return status, "the key is being renewed" })
		core := lines(t, url, func(cfg *httpcore.Config) { cfg.RetryOn = []int{401, 403, 404} })
		for _, status = range []int{401, 403, 404} {
			n, err := core.WriteBatch(batchOf(t, texts...))
			require.Zero(t, n)
			var retry *base.RetryError
			require.ErrorAs(t, err, &retry)
			tick()
		}
		status = 0
		requireTaken(t, core, batchOf(t, texts...))
		require.Equal(t, texts, p.took)
	})
	t.Run("SplitOn", func(t *testing.T) {
		p, url := serving(t, bad(500, texts[4]))
		core := lines(t, url, func(cfg *httpcore.Config) { cfg.SplitOn = []int{500} })
		n, err := core.WriteBatch(batchOf(t, texts...))
		require.Equal(t, 20, n)
		var rejected *base.RejectedError
		require.ErrorAs(t, err, &rejected)
		require.Equal(t, []int{4}, rejected.Indexes)
		require.Len(t, p.took, 19)
	})
	for _, cfg := range []httpcore.Config{{RetryOn: []int{200}}, {RetryOn: []int{600}}, {SplitOn: []int{399}}, {RetryOn: []int{500}, SplitOn: []int{500}}} {
		cfg.URL = "http://h/"
		_, err := httpcore.New(cfg)
		require.ErrorContains(t, err, "On: ")
	}
}

// OTLP says which statuses may be tried again; all others are final.
func TestOTLPStatuses(t *testing.T) {
	for code := range 600 {
		if code < 300 || http.StatusText(code) == "" {
			continue
		}
		server := httptest.NewServer(status(code))
		core := post(t, server, httpcore.OTLP(httpcore.OTLPConfig{}), nil)
		n, err := core.WriteBatch(batchOf(t, "a"))
		var retry *base.RetryError
		switch code {
		case 429, 502, 503, 504:
			require.ErrorAs(t, err, &retry, "%d", code)
			require.Zero(t, n)
		default:
			if code < 400 {
				require.ErrorAs(t, err, &retry, "%d", code)
				break
			}
			require.Equal(t, 1, n, "%d", code)
			var rejected *base.RejectedError
			require.ErrorAs(t, err, &rejected)
		}
		server.Close()
	}
	server := script(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-protobuf")
		w.WriteHeader(500)
		_, _ = w.Write([]byte{0x08, 13, 0x12, 5, 'n', 'o', ' ', 'm', 'e'})
	})
	_, err := post(t, server.Server, httpcore.OTLP(httpcore.OTLPConfig{}), nil).WriteBatch(batchOf(t, "a", "b"))
	require.ErrorContains(t, err, "500 Internal Server Error: no me", "its words are read out of google.rpc.Status")
}

func TestBulkItems(t *testing.T) {
	for name, test := range map[string]struct {
		answer        string
		retryOn       []int
		again, refuse []int
	}{
		"transient":             {items(true, 500, 502, 503, 504, 429, 201), nil, []int{0, 1, 2, 3, 4}, nil},
		"final":                 {items(true, 400, 404, 409, 413, 501, 201), nil, nil, []int{0, 1, 3, 4}}, // 409: the id is there
		"asked to be transient": {items(true, 404, 201, 201, 201, 201, 403), []int{403, 404}, []int{0, 5}, nil},
		"errors false, yet 429": {items(false, 201, 429, 201, 201, 201, 201), nil, []int{1}, nil},
		"an error, yet 201":     {strings.Replace(items(true, 201, 201, 201, 201, 201, 201), `201}`, `201,"error":{"type":"x"}}`, 1), nil, nil, []int{0}},
		"errors that are texts": {strings.Replace(items(true, 400, 201, 201, 201, 201, 429), `400}`, `400,"error":"no such field"}`, 1), nil, []int{5}, []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			server := script(t, answering(test.answer))
			core := post(t, server.Server, httpcore.Elasticsearch(httpcore.ElasticsearchConfig{}), func(cfg *httpcore.Config) { cfg.RetryOn = test.retryOn })
			_, err := core.WriteBatch(batchOf(t, numbered(0, 6)...))
			var retry base.RetryError
			var rejected base.RejectedError
			if r := new(base.RetryError); asError(err, &r) {
				retry = *r
			}
			if r := new(base.RejectedError); asError(err, &r) {
				rejected = *r
			}
			require.Equal(t, test.again, retry.Indexes)
			require.Equal(t, test.refuse, rejected.Indexes)
			require.Equal(t, uint64(6-len(test.again)-len(test.refuse)), core.Stats().Delivered)
		})
	}
}

func items(errors bool, statuses ...int) string {
	var all []string
	for _, s := range statuses {
		all = append(all, fmt.Sprintf(`{"create":{"status":%d}}`, s))
	}
	return fmt.Sprintf(`{"errors":%v,"items":[%s]}`, errors, strings.Join(all, ","))
}

// A server that says "errors":false, and that it could not read on: what it could not take is found, the rest arrives.
func TestBulkThatStopsReading(t *testing.T) {
	stored := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		lines := bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
		n := 0
		for i := 1; i < len(lines); i += 2 {
			n++
			if bytes.Contains(lines[i], []byte("NaN")) {
				fmt.Fprintf(w, `{"took":0,"errors":false,"error":"json: unsupported value: NaN","items":[%s]}`,
					strings.TrimSuffix(strings.Repeat(`{"index":{"status":200}},`, n), ","))
				return
			}
			stored[string(lines[i])] = true
		}
		fmt.Fprintf(w, `{"took":0,"errors":false,"items":[%s]}`, strings.TrimSuffix(strings.Repeat(`{"index":{"status":200}},`, n), ","))
	}))
	defer server.Close()
	core := post(t, server, httpcore.Elasticsearch(httpcore.ElasticsearchConfig{}), nil)
	tapes := orders(t, 20)
	tapes[9] = record(t, zapcore.Entry{Time: noon, Message: "order"}, zap.String("n", "NaN"))
	h := holder{core: core}
	h.deliver(t, tapes)
	require.Equal(t, [][]byte{tapes[9]}, h.refused)
	require.Len(t, stored, 19)
	require.ErrorContains(t, core.Write(zapcore.Entry{Message: "NaN"}, nil), "unsupported value", "alone it is refused")
	require.Equal(t, uint64(19), core.Stats().Delivered)
}

// The collector names one event: the others are not made to wait for it, and if all are refused for the same cause, all are.
func TestSplunkNamesOneEvent(t *testing.T) {
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		w.WriteHeader(400)
		fmt.Fprint(w, `{"text":"Incorrect index","code":7,"invalid-event-number":1}`)
	}))
	defer server.Close()
	core := post(t, server, httpcore.Splunk(httpcore.SplunkConfig{}), nil)
	begin := time.Now()
	n, err := core.WriteBatch(batchOf(t, numbered(0, 1000)...))
	require.Equal(t, 1000, n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Len(t, rejected.Indexes, 1000)
	require.ErrorContains(t, err, "Incorrect index (code 7)")
	require.LessOrEqual(t, requests, 30)
	require.Less(t, time.Since(begin), 5*time.Second)
}

// A gateway may pass on the collector's answer with its own status: the code decides what became of the events.
func TestSplunkCodesOfASuccess(t *testing.T) {
	for answer, test := range map[string]struct {
		retry   bool
		refused []int
	}{
		`{"text":"Success","code":0}`:                                      {},
		`{"text":"Server is busy","code":9}`:                               {retry: true},
		`{"text":"Invalid data format","code":6,"invalid-event-number":2}`: {refused: []int{2}},
		`{"text":"Success","code":0,"ackId":7}`:                            {},
		`taken`:                                                            {},
	} {
		server := script(t, answering(answer), answering(`{"text":"Success","code":0}`))
		_, err := post(t, server.Server, httpcore.Splunk(httpcore.SplunkConfig{}), nil).WriteBatch(batchOf(t, numbered(0, 4)...))
		var again *base.RetryError
		require.Equal(t, test.retry, asError(err, &again), "%s: %v", answer, err)
		var rejected *base.RejectedError
		require.Equal(t, test.refused != nil, asError(err, &rejected), "%s: %v", answer, err)
		if test.refused != nil {
			require.Equal(t, test.refused, rejected.Indexes)
		}
	}
}

func TestLimitsOfARequest(t *testing.T) {
	server := script(t, status(204))
	core := lines(t, server.URL, func(cfg *httpcore.Config) { cfg.MaxBatchRecords, cfg.MaxRecordBytes = 3, 20 })
	texts := numbered(0, 8)
	texts[4] = strings.Repeat("x", 30)
	n, err := core.WriteBatch(batchOf(t, texts...))
	require.Equal(t, 8, n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, []int{4}, rejected.Indexes)
	require.ErrorContains(t, err, "Config.MaxRecordBytes")
	bodies, _ := server.seen()
	require.Equal(t, append(texts[:4:4], texts[5:]...), strings.Split(strings.TrimSuffix(strings.Join(bodies, ""), "\n"), "\n"))
	for _, body := range bodies {
		require.LessOrEqual(t, strings.Count(body, "\n"), 3)
	}
	require.ErrorContains(t, core.Write(zapcore.Entry{Message: texts[4]}, nil), "Config.MaxRecordBytes")
}

func asError[T error](err error, target *T) bool { return errors.As(err, target) }

// TestClickHouseSays200 holds that what ClickHouse says behind a status of 200 counts: it is the 500 that it would have been.
func TestClickHouseSays200(t *testing.T) {
	const exception = "Code: 27. DB::Exception: Cannot parse input: (at row 5)"
	texts := numbered(0, 20)
	for name, fails := range map[string]func(w http.ResponseWriter){
		"an exception":                   func(w http.ResponseWriter) { _, _ = io.WriteString(w, exception) },
		"an exception behind other text": func(w http.ResponseWriter) { _, _ = io.WriteString(w, strings.Repeat("1\n", 5000)+exception) },
		"an exception's code":            func(w http.ResponseWriter) { w.Header().Set("X-ClickHouse-Exception-Code", "27") },
		"a body that breaks off": func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, "1")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var took []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := readBody(r)
				w.Header().Set("X-ClickHouse-Query-Id", "1")
				if bytes.Contains(body, []byte(texts[4])) {
					fails(w)
					return
				}
				took = append(took, strings.Fields(string(body))...)
			}))
			t.Cleanup(server.Close)
			core := lines(t, server.URL, nil)
			n, err := core.WriteBatch(batchOf(t, texts...))
			require.Zero(t, n)
			require.ErrorAs(t, err, new(*base.RetryError))
			require.ErrorContains(t, err, "500")
			if strings.Contains(name, "an exception ") {
				require.ErrorContains(t, err, exception)
			}
			core = lines(t, server.URL, func(cfg *httpcore.Config) { cfg.SplitOn = []int{500} })
			n, err = core.WriteBatch(batchOf(t, texts...))
			require.Equal(t, 20, n)
			var rejected *base.RejectedError
			require.ErrorAs(t, err, &rejected)
			require.Equal(t, []int{4}, rejected.Indexes)
			require.Len(t, took, 19)
		})
	}
}
