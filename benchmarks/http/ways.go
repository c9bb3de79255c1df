package http

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
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

// jsonEncoder is httpcore's default.
func jsonEncoder() zapcore.Encoder {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return zapcore.NewJSONEncoder(cfg)
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
