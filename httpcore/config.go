package httpcore

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/fields"
	"example.com/zaphandlers/internal/names"
	base "example.com/zaphandlers/zapcore"
)

const (
	defaultMaxBatchBytes = 1 << 20 // nginx's default limit
	defaultTimeout       = 5 * time.Second
	defaultMaxRetryAfter = 5 * time.Minute
	maxConnectTimeout    = 5 * time.Second // of the default
	maxTimeoutFactor     = 12
	defaultSplitAfter    = 6 // about half a minute of a queue's retries
)

func (cfg Config) withDefaults() (Config, error) {
	if err := cfg.envelopeDefaults(); err != nil {
		return cfg, err
	}
	if err := cfg.checkMethod(); err != nil {
		return cfg, err
	}
	switch {
	case cfg.URL == "":
		return cfg, errors.New("httpcore: Config.URL is required")
	case cfg.MaxBatchBytes < 0:
		return cfg, errors.New("httpcore: Config.MaxBatchBytes is negative")
	case cfg.MaxBatchRecords < 0:
		return cfg, errors.New("httpcore: Config.MaxBatchRecords is negative")
	case cfg.MaxRecordBytes < 0:
		return cfg, errors.New("httpcore: Config.MaxRecordBytes is negative")
	case cfg.MaxTimeout < 0:
		return cfg, errors.New("httpcore: Config.MaxTimeout is negative")
	case cfg.MaxRetryAfter < 0:
		return cfg, errors.New("httpcore: Config.MaxRetryAfter is negative")
	case cfg.TLS != nil && cfg.Client != nil:
		return cfg, errors.New("httpcore: Config.TLS and Client exclude each other: configure the Client's transport")
	case cfg.Credentials != nil && cfg.Token != "":
		return cfg, errors.New("httpcore: Config.Credentials and Token exclude each other")
	}
	if err := cfg.checkIntervals(); err != nil {
		return cfg, fmt.Errorf("httpcore: Config.%w", err)
	}
	if err := cfg.checkStatuses(); err != nil {
		return cfg, err
	}
	if err := cfg.checkUnused(); err != nil {
		return cfg, err
	}
	cfg.limitDefaults()
	return cfg, nil
}

func (cfg *Config) backoff() base.Backoff {
	return base.Backoff{Start: cfg.RetryStart, Factor: cfg.RetryFactor, Max: cfg.RetryMax, Jitter: cfg.RetryJitter}
}

func (cfg *Config) checkIntervals() error {
	if err := cfg.backoff().Check(); err != nil {
		return err
	}
	return base.CheckIntervals(
		base.Interval{Field: "ConnectTimeout", Value: cfg.ConnectTimeout, Shortest: base.ShortestTimeout, Example: "5 * time.Second"},
		base.Interval{Field: "Timeout", Value: cfg.Timeout, Shortest: base.ShortestTimeout, Example: "5 * time.Second"},
		base.Interval{Field: "MaxTimeout", Value: cfg.MaxTimeout, Shortest: base.ShortestTimeout, Example: "time.Minute"},
		base.Interval{Field: "MaxRetryAfter", Value: cfg.MaxRetryAfter, Shortest: base.ShortestTimeout, Example: "5 * time.Minute"},
	)
}

// checkUnused returns an error for a field that would have no effect with the rest of the Config.
func (cfg *Config) checkUnused() error {
	switch {
	case cfg.Method == http.MethodGet && cfg.Gzip:
		return errors.New("httpcore: Config.Gzip is for bodies, and GET has none")
	case cfg.Method == http.MethodGet && cfg.OmitIdempotencyKey:
		return errors.New("httpcore: Config.OmitIdempotencyKey is not for GET, which has no such key")
	case cfg.Envelope.OneByOne && cfg.MaxBatchBytes > 0:
		return errors.New("httpcore: Config.MaxBatchBytes is not for an Envelope that sends one record a request, as Form does: MaxRecordBytes is")
	case cfg.Envelope.OneByOne && cfg.MaxBatchRecords > 0:
		return errors.New("httpcore: Config.MaxBatchRecords is not for an Envelope that sends one record a request, as Form does")
	case cfg.MaxTimeout > 0 && cfg.Timeout < 0:
		return errors.New("httpcore: Config.MaxTimeout is what Timeout grows to, and there is none")
	}
	return nil
}

func (cfg *Config) limitDefaults() {
	if cfg.MaxBatchBytes == 0 {
		cfg.MaxBatchBytes = defaultMaxBatchBytes
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	for _, timeout := range []*time.Duration{&cfg.Timeout, &cfg.ConnectTimeout, &cfg.MaxTimeout, &cfg.MaxRetryAfter} {
		*timeout = min(*timeout, base.LongestTimeout)
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = maxConnectTimeout
		if cfg.Timeout > 0 {
			cfg.ConnectTimeout = min(cfg.ConnectTimeout, cfg.Timeout)
		}
	}
	if cfg.MaxTimeout == 0 {
		cfg.MaxTimeout = maxTimeoutFactor * cfg.Timeout
	}
	if cfg.SplitAfter == 0 {
		cfg.SplitAfter = defaultSplitAfter
	}
	if cfg.MaxRetryAfter == 0 {
		cfg.MaxRetryAfter = defaultMaxRetryAfter
	}
}

func (cfg *Config) checkStatuses() error {
	for _, status := range cfg.RetryOn {
		if status < 400 || status > 599 || slices.Contains(cfg.SplitOn, status) {
			return fmt.Errorf("httpcore: Config.RetryOn: %d is no status from 400 to 599, or is in SplitOn too", status)
		}
	}
	for _, status := range cfg.SplitOn {
		if status < 400 || status > 599 {
			return fmt.Errorf("httpcore: Config.SplitOn: %d is no status from 400 to 599", status)
		}
	}
	cfg.RetryOn, cfg.SplitOn = slices.Clone(cfg.RetryOn), slices.Clone(cfg.SplitOn)
	return nil
}

// envelopeDefaults chooses the Envelope and the Formatter, and refuses those that do not go together.
func (cfg *Config) envelopeDefaults() error {
	if cfg.Encoder != nil && cfg.Formatter != nil {
		return errors.New("httpcore: Config.Encoder and Formatter exclude each other")
	}
	own := cfg.Encoder != nil || cfg.Formatter != nil
	if cfg.Envelope.zero() {
		cfg.Envelope = Form()
		if own {
			cfg.Envelope = JSONLines()
		}
	}
	e := &cfg.Envelope
	if e.err != nil {
		return e.err
	}
	switch {
	case e.ContentType == "":
		return errors.New("httpcore: Config.Envelope.ContentType is required")
	case e.Formatter != nil && own:
		return errors.New("httpcore: Config.Encoder or Formatter is not for an Envelope that has a Formatter of its own")
	case cfg.MapRecord != nil && !e.form:
		return errors.New("httpcore: Config.MapRecord is for the Envelope Form")
	}
	return cfg.formatterDefaults()
}

// formatterDefaults chooses the Formatter for each record's part of the Envelope.
func (cfg *Config) formatterDefaults() error {
	switch e := &cfg.Envelope; {
	case cfg.MapRecord != nil:
		cfg.Formatter = mappedForm{cfg.MapRecord}
	case e.identified != nil && e.Formatter == base.Formatter(e.identified.plain):
		cfg.Formatter, e.idAt = e.identified, e.identified.idAt()
	case e.Formatter != nil:
		cfg.Formatter = e.Formatter
	case cfg.Formatter == nil:
		enc := defaultEncoder()
		if cfg.Encoder != nil {
			enc = cfg.Encoder.Clone()
		}
		if err := checkEncoder("Config.Encoder", enc); err != nil && e.json {
			return err
		}
		cfg.Encoder, cfg.Formatter = nil, newDocument(enc, names.Config{Reserved: storeNames})
	}
	return nil
}

func (cfg *Config) checkMethod() error {
	cfg.Method = strings.ToUpper(cfg.Method)
	switch {
	case cfg.Method == "" && cfg.Envelope.form:
		cfg.Method = http.MethodGet
	case cfg.Method == "":
		cfg.Method = http.MethodPost
	case cfg.Method != http.MethodGet && cfg.Method != http.MethodPost:
		return fmt.Errorf("httpcore: Config.Method %q is neither GET nor POST", cfg.Method)
	case cfg.Method == http.MethodGet && !cfg.Envelope.form:
		return errors.New("httpcore: Config.Method GET has no body: it is for the Envelope Form")
	}
	return nil
}

// defaultEncoder is zap's JSON for production, with RFC 3339 times.
func defaultEncoder() zapcore.Encoder {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = fields.RFC3339
	return base.NewJSON(cfg)
}
