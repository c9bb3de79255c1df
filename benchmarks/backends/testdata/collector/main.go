// Command collector is OpenTelemetry's collector with what the tests need: OTLP and Fluent Forward in, and a file of JSON out.
// While a file of the exporter's path and ".refuse" exists its exports fail, for good if there is "permanent" in it.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"strings"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/bearertokenauthextension"
	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/fluentforwardreceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
)

func main() {
	cmd := otelcol.NewCommand(otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "collector"},
		Factories: factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			DefaultScheme: "file", ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory()}}},
	})
	if err := cmd.Execute(); err != nil {
		log.Fatal(err)
	}
}

func factories() (f otelcol.Factories, err error) {
	f.Telemetry = otelconftelemetry.NewFactory()
	if f.Receivers, err = otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory(), fluentforwardreceiver.NewFactory()); err != nil {
		return f, err
	}
	if f.Extensions, err = otelcol.MakeFactoryMap[extension.Factory](bearertokenauthextension.NewFactory()); err != nil {
		return f, err
	}
	f.Exporters, err = otelcol.MakeFactoryMap[exporter.Factory](lines())
	return f, err
}

type config struct {
	Path string `mapstructure:"path"`
}

// lines is an exporter that appends each batch to a file, as a line of JSON.
func lines() exporter.Factory {
	create := func(_ context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
		return &file{path: cfg.(*config).Path}, nil
	}
	return exporter.NewFactory(component.MustNewType("lines"), func() component.Config { return &config{} },
		exporter.WithLogs(create, component.StabilityLevelDevelopment))
}

type file struct {
	component.StartFunc
	component.ShutdownFunc
	path string
}

func (f *file) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (f *file) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	if how, err := os.ReadFile(f.path + ".refuse"); err == nil {
		refusal := errors.New("refused as asked for")
		if strings.Contains(string(how), "permanent") {
			return consumererror.NewPermanent(refusal)
		}
		return refusal
	}
	line, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = out.Write(append(line, '\n'))
	return errors.Join(err, out.Close())
}
