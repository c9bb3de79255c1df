package zaphandlers_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/mailcore"
	"example.com/zaphandlers/netcore"
	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/writesyncers"
	base "example.com/zaphandlers/zapcore"
)

// A receiver for a fleet of Python programs.
func Example_pythonToGo() {
	address := "localhost:0"
	messages := make(chan string, 10)
	target := messagesTo(messages)

	run := func(serve func(*netcore.Server) error) (err error) {
		server, err := netcore.NewServer(netcore.ServerConfig{
			Address: address,              // ":9020"
			Format:  netcore.FormatPickle, // what SocketHandler sends; nothing in it is executed
			Target:  target,               // any core; one that is slow belongs behind a queue
		})
		if err != nil {
			return err
		}
		go func() { _ = server.Serve() }()
		defer func() {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			err = multierr.Append(err, server.Shutdown(ctx)) // reads what is on its way
		}()
		return serve(server)
	}
	fmt.Println(run(func(server *netcore.Server) error {
		python, err := netcore.New(netcore.Config{Address: server.Addr().String(), Formatter: netcore.Pickle()})
		if err != nil {
			return err
		}
		zap.New(python).Info("hello from Python")
		fmt.Println(<-messages)
		return python.Close()
	}))
	// Output:
	// hello from Python
	// <nil>
}

// A sender for a receiver that is written in Python.
func Example_goToPython() {
	receiver, received := pythonReceiver()

	run := func() (err error) {
		python, err := netcore.New(netcore.Config{
			Address:   receiver, // "logs.example.com:9020"
			Formatter: netcore.Pickle(),
		})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(python))

		queue, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(python)})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(queue))

		logger := zap.New(queue)
		logger.Info("order taken", zap.Int("order", 1234))
		return nil
	}
	fmt.Println(run())
	fmt.Println(received())
	// Output:
	// <nil>
	// order taken
}

// Fluentd, which acknowledges, and Graylog.
func Example_fluentdAndGraylog() {
	receiver, acknowledged := fluentd()
	input, messages := graylog()
	var key []byte

	run := func() (err error) {
		fluentd, err := netcore.New(netcore.Config{
			Address:   receiver, // "fluentd.example.com"; with TLS: &tls.Config{} if it asks for that
			Formatter: netcore.Forward(netcore.ForwardConfig{Tag: "shop"}),
			Key:       key, // its shared_key; nil if it has none
			Ack:       true,
		})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(fluentd))

		graylog, err := netcore.New(netcore.Config{
			Network:   "udp",
			Address:   input, // "graylog.example.com"
			Formatter: netcore.GELF(netcore.GELFConfig{Compression: "gzip"}),
		})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(graylog))

		queue, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(zapcore.NewTee(fluentd, graylog))})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(queue))

		logger := zap.New(queue)
		logger.Info("order taken", zap.Int("order", 1234))
		return nil
	}
	fmt.Println(run())
	fmt.Println(acknowledged())
	fmt.Println(messages())
	// Output:
	// <nil>
	// "shop": 1 message acknowledged
	// order taken 1234
}

// Errors by mail: the first at once, the rest in digests.
func Example_mail() {
	const password = "secret"
	smtp, authorities, received := mailServer()
	core := base.FromWriter(encoder, writesyncers.NewStream(os.Stdout), zap.InfoLevel)

	run := func() (err error) {
		mail, err := mailcore.New(mailcore.Config{ // Error and above, unless Level says otherwise
			Addr:        smtp, // "smtp.example.com:587"
			From:        "Shop <shop@example.com>",
			To:          []string{"ops@example.com"},
			Subject:     "shop",
			Encoder:     encoder,
			Credentials: mailcore.Credentials{Username: "shop", Password: password}, // these make STARTTLS a must
			TLSConfig:   authorities,                                                // nil for the authorities of the system
			Interval:    time.Minute,                                                // the first at once, then one digest a minute
		})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(mail))

		queue, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(mail)})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(queue))

		logger := zap.New(zapcore.NewTee(core, queue))
		logger.Info("not worth a mail")
		logger.Error("out of stock", zap.String("item", "ink"))
		return nil
	}
	fmt.Println(run())
	fmt.Print(received())
	// Output:
	// {"level":"info","msg":"not worth a mail"}
	// {"level":"error","msg":"out of stock","item":"ink"}
	// <nil>
	// shop
	// {"level":"error","msg":"out of stock","item":"ink"}
}

// What takes batches over HTTP.
func Example_collectors() {
	server, received := collectors()
	url, key := server.URL, ""

	run := func() (err error) {
		loki, err := httpcore.New(httpcore.Config{
			URL:      url + "/loki/api/v1/push",
			Envelope: httpcore.Loki(httpcore.LokiConfig{Labels: map[string]string{"service": "shop"}}),
		})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(loki))

		elastic, err := httpcore.New(httpcore.Config{
			URL:      url + "/logs-shop/_bulk", // also OpenSearch
			Token:    key,                      // refused over http, as Credentials are
			Envelope: httpcore.Elasticsearch(httpcore.ElasticsearchConfig{}),
		})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(elastic))

		otlp, err := httpcore.New(httpcore.Config{
			URL:      url + "/v1/logs",
			Envelope: httpcore.OTLP(httpcore.OTLPConfig{Resource: []zapcore.Field{zap.String("service.name", "shop")}}),
			Gzip:     true,
		})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(otlp))

		queue, err := queuecore.New(queuecore.Config{
			Targets: []queuecore.TargetConfig{
				{Name: "loki", Core: loki, BatchAge: time.Second}, // for larger batches: how long one may wait to be full
				{Name: "elastic", Core: elastic, BatchAge: time.Second},
				{Name: "otlp", Core: otlp, BatchAge: time.Second, SkipWhenFull: true}, // nobody waits for this one
			},
		})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(queue))

		logger := zap.New(queue)
		for order := range 3 {
			logger.Info("order taken", zap.Int("order", order))
		}
		return nil
	}
	fmt.Println(run())
	for _, request := range slices.Sorted(slices.Values(received())) {
		fmt.Println(request)
	}
	// Output:
	// <nil>
	// /logs-shop/_bulk: 3
	// /loki/api/v1/push: 3
	// /v1/logs: 3
}
