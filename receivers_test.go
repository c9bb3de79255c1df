package zaphandlers_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore"
)

// The other ends of the recipes, in this process.

// syslogDaemon listens for RFC 5424 messages over TCP. received waits for one, and returns it without what differs from one run
// to the next.
func syslogDaemon() (address string, received func() string) {
	server, messages := receiver(netcore.ServerConfig{Format: netcore.FormatLines, Framing: netcore.OctetCounting})
	header := regexp.MustCompile(`1 \S+ \S+ shop \d+`)
	return server.Addr().String(), func() string {
		defer server.Close()
		return header.ReplaceAllString(<-messages, "1 TIME HOST shop PID")
	}
}

// terminate sends this process SIGTERM, as a supervisor does. It returns false where there is no such signal: on Windows.
func terminate() bool {
	self, err := os.FindProcess(os.Getpid())
	return err == nil && self.Signal(syscall.SIGTERM) == nil
}

// pythonReceiver takes what Python's cookbook receiver takes, and reads it by the same rules.
func pythonReceiver() (address string, received func() string) {
	server, messages := receiver(netcore.ServerConfig{Format: netcore.FormatPickle})
	return server.Addr().String(), func() string {
		defer server.Close()
		return <-messages
	}
}

// fluentd acknowledges messages of Fluent Forward.
func fluentd() (address string, acknowledged func() string) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		panic(err)
	}
	tags := make(chan string, 10)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		var message []byte
		for one := make([]byte, 1); ; {
			if _, err := io.ReadFull(conn, one); err != nil {
				return
			}
			message = append(message, one...)
			if _, chunk, ok := bytes.Cut(message, []byte("\xa5chunk\xb8")); ok && len(chunk) == 24 { // it ends with that
				tags <- string(message[2 : 2+message[1]&31])
				_, _ = conn.Write(append([]byte("\x81\xa3ack\xb8"), chunk...))
				message = nil
			}
		}
	}()
	return listener.Addr().String(), func() string {
		defer listener.Close()
		tag := <-tags
		return fmt.Sprintf("%q: %d message acknowledged", tag, 1+len(tags))
	}
}

// graylog takes GELF over UDP.
func graylog() (address string, received func() string) {
	conn, err := net.ListenPacket("udp", "localhost:0")
	if err != nil {
		panic(err)
	}
	return conn.LocalAddr().String(), func() string {
		defer conn.Close()
		b := make([]byte, 1500)
		n, _, err := conn.ReadFrom(b)
		if err != nil {
			return err.Error()
		}
		unzipped, err := gzip.NewReader(bytes.NewReader(b[:n]))
		if err != nil {
			return err.Error()
		}
		var message struct {
			Short string  `json:"short_message"`
			Order float64 `json:"_order"`
		}
		if err := json.NewDecoder(unzipped).Decode(&message); err != nil {
			return err.Error()
		}
		return fmt.Sprint(message.Short, " ", message.Order)
	}
}

// receiver starts a server whose messages come by a channel.
func receiver(cfg netcore.ServerConfig) (*netcore.Server, <-chan string) {
	messages := make(chan string, 10)
	cfg.Address = "localhost:0"
	cfg.Target = messagesTo(messages)
	server, err := netcore.NewServer(cfg)
	if err != nil {
		panic(err)
	}
	go func() { _ = server.Serve() }()
	return server, messages
}

// messagesTo returns a core that gives messages to a channel, without fields: some of those that Python sends differ from run
// to run.
func messagesTo(messages chan<- string) zapcore.Core {
	all := zapcore.NewCore(encoder, zapcore.AddSync(io.Discard), zap.DebugLevel)
	return zapcore.RegisterHooks(all, func(ent zapcore.Entry) error {
		messages <- ent.Message
		return nil
	})
}

// unreachable returns a core whose destination cannot be reached.
func unreachable() zapcore.Core {
	core, err := netcore.New(netcore.Config{
		Address: "collector.example.com:9020",
		Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no route to host")
		},
		OnError: func(error) {},
	})
	if err != nil {
		panic(err)
	}
	return core
}

// collectors is a web server that answers as Loki, Elasticsearch and an OpenTelemetry collector do.
func collectors() (server *httptest.Server, received func() []string) {
	var mu sync.Mutex
	var requests []string
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		requests = append(requests, fmt.Sprintf("%s: %d", r.URL.Path, strings.Count(string(body), "order taken")))
		mu.Unlock()
		switch r.URL.Path {
		case "/loki/api/v1/push":
			w.WriteHeader(http.StatusNoContent)
		case "/logs-shop/_bulk":
			item := `{"create":{"status":201}}`
			fmt.Fprintf(w, `{"errors":false,"items":[%s%s]}`, item, strings.Repeat(","+item, strings.Count(string(body), "\n")/2-1))
		case "/v1/logs":
			fmt.Fprint(w, "{}")
		}
	}))
	return server, func() []string {
		server.Close()
		return requests
	}
}

// mailServer is an SMTP server with STARTTLS and AUTH PLAIN, for one connection. received waits for its end and returns the mails.
func mailServer() (address string, authorities *tls.Config, received func() string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	certificate.Close()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate().Raw}))

	var mails strings.Builder
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		smtp(conn, certificate.TLS, &mails)
	}()
	return listener.Addr().String(), &tls.Config{RootCAs: pool}, func() string {
		_ = listener.Close()
		<-done
		return mails.String()
	}
}

// smtp speaks with one client: RFC 5321 section 4.1.1, as much as it takes.
func smtp(conn net.Conn, config *tls.Config, mails io.Writer) {
	say := func(answer string) { fmt.Fprint(conn, answer+"\r\n") }
	say("220 mail.example.com ESMTP")
	lines := bufio.NewReader(conn)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		switch verb, _, _ := strings.Cut(strings.TrimSpace(line), " "); verb {
		case "EHLO":
			extension := "STARTTLS"
			if _, secure := conn.(*tls.Conn); secure {
				extension = "AUTH PLAIN"
			}
			say("250-mail.example.com\r\n250 " + extension)
		case "STARTTLS":
			say("220 go ahead")
			conn = tls.Server(conn, config)
			lines = bufio.NewReader(conn)
		case "AUTH":
			say("235 welcome")
		case "DATA":
			say("354 go ahead")
			write(mails, lines)
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 fine")
		}
	}
}

// write writes subject and text of the mail that comes.
func write(w io.Writer, lines *bufio.Reader) {
	var text strings.Builder
	for {
		line, err := lines.ReadString('\n')
		if err != nil || line == ".\r\n" {
			break
		}
		text.WriteString(line)
	}
	message, err := mail.ReadMessage(strings.NewReader(text.String()))
	if err != nil {
		fmt.Fprintln(w, err)
		return
	}
	body, _ := io.ReadAll(quotedprintable.NewReader(message.Body))
	fmt.Fprintf(w, "%s\n%s\n", message.Header.Get("Subject"), strings.TrimSpace(string(body)))
}
