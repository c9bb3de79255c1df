package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// traffic is a small shop on a loopback port and the customers that keep it busy, each on a connection of its own.
type traffic struct {
	requests    uint64
	connections int
	pace        pace
}

func (s *traffic) total() uint64 { return s.requests }
func (s *traffic) noun() string  { return "request" }

func (s *traffic) run(ctx context.Context, log func(*record)) (uint64, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	server := &http.Server{Handler: shop{log}, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	answered, err := s.customers(ctx, "http://"+listener.Addr().String())
	closing, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err = errors.Join(err, server.Shutdown(closing)) // waits for every handler, and so for its record
	if serving := <-served; !errors.Is(serving, http.ErrServerClosed) {
		err = errors.Join(err, serving)
	}
	return answered, err
}

// customers makes the requests and returns how many were answered. The first that is not ends the run.
func (s *traffic) customers(ctx context.Context, url string) (uint64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	transport := &http.Transport{MaxIdleConnsPerHost: s.connections, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}

	failed := make(chan error, s.connections)
	var begun, answered atomic.Uint64
	var all sync.WaitGroup
	for range s.connections {
		all.Go(func() {
			for n := begun.Add(1) - 1; n < s.requests && s.pace.wait(ctx, n); n = begun.Add(1) - 1 {
				if err := ask(client, url, n); err != nil {
					failed <- err
					cancel(err)
					return
				}
				answered.Add(1)
			}
		})
	}
	all.Wait()
	select {
	case err := <-failed:
		return answered.Load(), err
	default:
		return answered.Load(), nil
	}
}

// ask makes request n. Of a thousand, 20 ask for what there is not, and 5 for what is broken.
func ask(client *http.Client, url string, n uint64) error {
	method, path := http.MethodGet, fmt.Sprintf("/items/%d", n%5000)
	switch {
	case n%200 == 199:
		path = "/report"
	case n%50 == 49:
		path = fmt.Sprintf("/items/%d", 5000+n%5000)
	case n%10 == 9:
		method, path = http.MethodPost, "/orders"
	}
	request, err := http.NewRequest(method, url+path, http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "customer/1.0 (+loopback)")
	request.Header.Set("X-Request-Id", fmt.Sprintf("%016x", n*0x9e3779b97f4a7c15))
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return errors.Join(err, response.Body.Close())
}
