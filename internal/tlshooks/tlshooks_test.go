package tlshooks

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	base "example.com/zaphandlers/zapcore"
)

// TestEachHook: whatever hook of its user's a tls.Config has, in this version of Go, its panic is an error. All are found by their types.
func TestEachHook(t *testing.T) {
	cfg := new(tls.Config)
	each(cfg, func(_ string, field reflect.Value) {
		field.Set(reflect.MakeFunc(field.Type(), func([]reflect.Value) []reflect.Value { panic("hook") }))
	})
	hooks := 0
	each(Guarded(cfg, time.Minute), func(name string, hook reflect.Value) {
		hooks++
		arguments := make([]reflect.Value, hook.Type().NumIn())
		for i := range arguments {
			arguments[i] = reflect.Zero(hook.Type().In(i))
		}
		results := hook.Call(arguments)
		last := results[len(results)-1].Interface()
		if now, ok := last.(time.Time); ok {
			assert.WithinDuration(t, time.Now(), now, time.Minute)
			return
		}
		var panicked *base.PanicError
		if assert.ErrorAs(t, last.(error), &panicked, name) {
			assert.ErrorContains(t, last.(error), name+" of the TLS configuration: panic: hook")
		}
	})
	assert.GreaterOrEqual(t, hooks, 9)
}

func each(cfg *tls.Config, visit func(name string, field reflect.Value)) {
	v := reflect.ValueOf(cfg).Elem()
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && f.Type.Kind() == reflect.Func {
			visit(f.Name, v.Field(i))
		}
	}
}

type broken struct{}

func (broken) Get(string) (*tls.ClientSessionState, bool) { panic("hook") }
func (broken) Put(string, *tls.ClientSessionState)        { panic("hook") }
func (broken) Read([]byte) (int, error)                   { panic("hook") }
func (broken) Write([]byte) (int, error)                  { panic("hook") }

func TestInterfaces(t *testing.T) {
	cfg := Guarded(&tls.Config{ClientSessionCache: broken{}, Rand: broken{}, KeyLogWriter: broken{}}, time.Minute)
	session, ok := cfg.ClientSessionCache.Get("host")
	assert.Nil(t, session)
	assert.False(t, ok)
	cfg.ClientSessionCache.Put("host", nil)
	_, err := cfg.Rand.Read(nil)
	require.ErrorAs(t, err, new(*base.PanicError))
	_, err = cfg.KeyLogWriter.Write(nil)
	require.ErrorAs(t, err, new(*base.PanicError))
}

// TestWhatHooksReturnIsLeft, by a connection that resumes the session of the one before.
func TestWhatHooksReturnIsLeft(t *testing.T) {
	model := httptest.NewUnstartedServer(nil)
	model.StartTLS()
	defer model.Close()
	own := &tls.Config{Certificates: model.TLS.Certificates, Time: time.Now}
	server := Guarded(&tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return own, nil }}, time.Minute)
	verified := 0
	client := Guarded(&tls.Config{
		RootCAs: model.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "example.com",
		ClientSessionCache: tls.NewLRUClientSessionCache(1),
		VerifyConnection:   func(tls.ConnectionState) error { verified++; return nil },
	}, time.Minute)
	for i := range 3 {
		near, far := net.Pipe()
		go func() {
			c := tls.Server(far, server)
			_, _ = c.Write([]byte("x"))
			_, _ = io.Copy(io.Discard, c)
		}()
		c := tls.Client(near, client)
		_, err := io.ReadFull(c, make([]byte, 1))
		require.NoError(t, err)
		assert.Equal(t, i > 0, c.ConnectionState().DidResume)
		_ = near.Close()
		_ = far.Close()
	}
	assert.Equal(t, 3, verified)
	refusing := Guarded(&tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, io.EOF }}, time.Minute)
	_, err := refusing.GetConfigForClient(nil)
	require.ErrorIs(t, err, io.EOF)
}

// TestHookThatDoesNotReturn is left behind. One that ends its goroutine has not returned either, and nobody waits for it.
func TestHookThatDoesNotReturn(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	cfg := Guarded(&tls.Config{
		VerifyConnection:     func(tls.ConnectionState) error { <-release; return nil },
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { runtime.Goexit(); return nil, nil },
	}, time.Millisecond)
	require.ErrorIs(t, cfg.VerifyConnection(tls.ConnectionState{}), os.ErrDeadlineExceeded)
	_, err := Guarded(&tls.Config{GetClientCertificate: cfg.GetClientCertificate}, time.Minute).GetClientCertificate(nil)
	require.ErrorContains(t, err, "has ended its goroutine")
	without := Guarded(&tls.Config{VerifyConnection: func(tls.ConnectionState) error { return io.EOF }}, -1)
	require.ErrorIs(t, without.VerifyConnection(tls.ConnectionState{}), io.EOF)
}
