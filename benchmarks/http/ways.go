package http

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	neturl "net/url"
	"strconv"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

// way is one way to post a batch to a server, again and again. close may be nil.
type way func(url string, batch *base.Batch) (post, close func() error, err error)

// byCore is ours.
func byCore(cfg httpcore.Config) way {
	return func(url string, batch *base.Batch) (post, close func() error, err error) {
		cfg.URL = url
		core, err := httpcore.New(cfg)
		if err != nil {
			return nil, nil, err
		}
		if batch.Len() > 1 {
			return func() error { _, err := core.WriteBatch(batch); return err }, core.Close, nil
		}
		one := fields(0)
		return func() error { return core.Write(entry, one) }, core.Close, nil
	}
}

// byPlain is net/http with the bytes that cfg makes of the batch, ready-made.
func byPlain(cfg httpcore.Config) way {
	return func(url string, batch *base.Batch) (post, close func() error, err error) {
		body, err := bodyOf(cfg, batch)
		if err != nil {
			return nil, nil, err
		}
		client := plain()
		return func() error { return plainPost(client, url, cfg.Envelope.ContentType, body, "") }, nil, nil
	}
}

// byEncoder is zap's JSON encoder over the batch and then net/http, as people do it by hand.
func byEncoder(compress bool) way {
	return func(url string, batch *base.Batch) (post, close func() error, err error) {
		client, encoder := plain(), jsonEncoder()
		var body []byte
		var zipped bytes.Buffer
		zip, err := gzip.NewWriterLevel(&zipped, gzip.BestSpeed)
		return func() error {
			body = body[:0]
			for i := range batch.Len() {
				line, err := batch.At(i).Encode(encoder)
				if err != nil {
					return err
				}
				body = append(body, line.Bytes()...)
				line.Free()
			}
			if !compress {
				return plainPost(client, url, "application/x-ndjson", body, "")
			}
			zipped.Reset()
			zip.Reset(&zipped)
			_, _ = zip.Write(body) // a bytes.Buffer takes everything
			_ = zip.Close()
			return plainPost(client, url, "application/x-ndjson", zipped.Bytes(), "gzip")
		}, nil, err
	}
}

// byValues is Python's form by net/url and net/http, as people do it by hand.
func byValues(url string, _ *base.Batch) (post, close func() error, err error) {
	client := plain()
	return func() error {
		level, created := entry.Level.CapitalString(), float64(entry.Time.UnixNano())/1e9
		values := neturl.Values{
			"name": {"root"}, "msg": {entry.Message}, "levelname": {level}, "levelno": {"20"},
			"created": {strconv.FormatFloat(created, 'f', -1, 64)}, "msecs": {"123.0"},
			"method": {"GET"}, "path": {"/api/v1/orders/12345"}, "status": {strconv.Itoa(200)}, "bytes": {strconv.Itoa(51234)},
			"elapsed": {strconv.FormatFloat(0.001234567, 'f', -1, 64)}, "remote": {"192.0.2.17:51234"},
			"request_id": {"6f1c2a4e-0000"}, "agent": {"curl/8.5.0"}, "cached": {"True"},
			"load": {strconv.FormatFloat(0.75, 'f', -1, 64)},
		}
		return plainPost(client, url, "application/x-www-form-urlencoded", []byte(values.Encode()), "")
	}, nil, nil
}

func plain() *http.Client {
	return &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
}

// plainPost is what net/http needs for a body that is ready.
func plainPost(client *http.Client, url, contentType string, body []byte, encoding string) error {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", contentType)
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.Body.Close()
}

// jsonEncoder is zap's, and writes what httpcore's default does.
func jsonEncoder() zapcore.Encoder { return zapcore.NewJSONEncoder(jsonConfig()) }

func jsonConfig() zapcore.EncoderConfig {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return cfg
}

// readyMade is a Formatter that has its work behind it: the line of a record.
type readyMade []byte

func (f readyMade) Append(dst []byte, _ *base.Record) ([]byte, error) { return append(dst, f...), nil }

// ready is JSON lines that need no encoding.
func ready() httpcore.Config {
	line, err := jsonEncoder().EncodeEntry(entry, fields(0))
	if err != nil {
		panic(err) // zap's encoder has no error for these fields
	}
	return httpcore.Config{Envelope: httpcore.JSONLines(), Formatter: readyMade(line.Bytes())}
}
