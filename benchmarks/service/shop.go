package main

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"
)

// shop is the service: it answers a request and logs it.
type shop struct {
	log func(*record)
}

var errLocked = errors.New("report: database is locked")

// ServeHTTP logs after the answer is written and before it is sent: the answer is smaller than the server's buffer.
func (s shop) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	begin := time.Now()
	status, size, err := answer(w, req)
	r := record{
		Level:     level(status),
		Message:   "request",
		Method:    req.Method,
		Path:      req.URL.Path,
		Status:    status,
		Bytes:     int64(size),
		Duration:  time.Since(begin),
		Remote:    req.RemoteAddr,
		RequestID: req.Header.Get("X-Request-Id"),
		UserAgent: req.UserAgent(),
		err:       err,
	}
	if err != nil {
		r.Error = err.Error()
	}
	s.log(&r)
}

// level is what a request is logged at.
func level(status int) zapcore.Level {
	switch {
	case status >= 500:
		return zapcore.ErrorLevel
	case status >= 400:
		return zapcore.WarnLevel
	}
	return zapcore.InfoLevel
}

// goods is what an item's page is cut from.
var goods = []byte(strings.Repeat("a fine thing to have, ", 100))

// answer does the work of a request. err is for the log only; the customer gets the status.
func answer(w http.ResponseWriter, req *http.Request) (status, size int, err error) {
	status, body := http.StatusOK, goods[:0]
	switch item, isItem := strings.CutPrefix(req.URL.Path, "/items/"); {
	case isItem:
		n, notNumber := strconv.Atoi(item)
		if notNumber != nil || n >= 5000 {
			status = http.StatusNotFound
			break
		}
		body = goods[:100+n%1500]
	case req.URL.Path == "/orders" && req.Method == http.MethodPost:
		status = http.StatusCreated
	case req.URL.Path == "/report":
		status, err = http.StatusInternalServerError, errLocked
	default:
		status = http.StatusNotFound
	}
	w.WriteHeader(status)
	size, writing := w.Write(body)
	return status, size, errors.Join(err, writing)
}
