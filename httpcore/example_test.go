package httpcore_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
)

// A logger whose records go to a web server as forms, as with Python's HTTPHandler.
func ExampleNew() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form := r.URL.Query()
		fmt.Println(r.Method, r.URL.Path, form.Get("levelname"), form.Get("msg"), form.Get("order"))
	}))
	defer server.Close()

	core, err := httpcore.New(httpcore.Config{
		Host: server.Listener.Addr().String(),
		URL:  "/log",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer core.Close()
	zap.New(core).Warn("the order is late", zap.Int("order", 7))
	// Output: GET /log WARNING the order is late 7
}

// Records for Loki, with the service and the tenant as labels.
func ExampleLoki() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println(r.URL.Path, string(body))
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()

	core, err := httpcore.New(httpcore.Config{
		URL: server.URL + "/loki/api/v1/push",
		Envelope: httpcore.Loki(httpcore.LokiConfig{
			Labels:      map[string]string{"service": "shop"},
			LabelFields: []string{"tenant"},
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer core.Close()
	if err := core.Write(zapcore.Entry{Time: noon, Message: "paid"}, []zapcore.Field{zap.String("tenant", "acme")}); err != nil {
		fmt.Println(err)
	}
	// Output: /loki/api/v1/push {"streams":[{"stream":{"level":"info","service":"shop","tenant":"acme"},"values":[["1795348800123456789","{\"msg\":\"paid\",\"tenant\":\"acme\"}"]]}]}
}
