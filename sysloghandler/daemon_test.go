package sysloghandler

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/peers"
)

// daemon is a real syslog daemon that the test runs, and that writes what it understood to a file, a JSON object a record.
type daemon struct {
	t    testing.TB
	cmd  *exec.Cmd
	argv []string
	conf daemonConf
}

// daemonConf fills the configurations in testdata.
type daemonConf struct {
	Dir, Out                             string
	Socket, DevLog                       string // for RFC 5424, and as the machine's own is set up
	UDP, TCP, Lines, TLS, MutualTLS      int
	CA, Cert, Key, ClientCert, ClientKey string
}

// stored is a record as the daemon understood it.
type stored struct{ Time, Host, App, ProcID, MsgID, SD, Msg, PRI string }

// daemons are the kinds there are.
var daemons = []struct {
	name  string
	start func(testing.TB) *daemon
}{{"rsyslog", startRsyslog}, {"syslog-ng", startSyslogNG}}

func startRsyslog(t testing.TB) *daemon {
	program := peers.Program(t, "rsyslogd")
	d := newDaemon(t, "rsyslog.conf")
	d.conf.Lines = d.conf.TCP // which tells the framing by the first byte
	d.argv = []string{program, "-n", "-f", d.writeConf("rsyslog.conf"), "-i", filepath.Join(d.conf.Dir, "pid")}
	d.start()
	return d
}

func startSyslogNG(t testing.TB) *daemon {
	program := os.Getenv("ZAPHANDLERS_SYSLOG_NG")
	if program == "" {
		program = peers.Program(t, "syslog-ng")
	}
	d := newDaemon(t, "syslog-ng.conf")
	in := func(name string) string { return filepath.Join(d.conf.Dir, name) }
	d.argv = []string{program, "-F", "--no-caps", "-f", d.writeConf("syslog-ng.conf"), "-R", in("persist"), "-p", in("pid"), "-c", in("ctl")}
	d.start()
	return d
}

func newDaemon(t testing.TB, conf string) *daemon {
	dir, err := os.MkdirTemp("", "syslog") // short, for the sake of socket paths
	require.NoError(t, err)
	ports := freePorts(t, 4)
	d := &daemon{t: t, conf: daemonConf{
		Dir: dir, Out: filepath.Join(dir, "out.jsonl"), Socket: filepath.Join(dir, "s"), DevLog: filepath.Join(dir, "log"),
		UDP: ports[0], TCP: ports[0], Lines: ports[1], TLS: ports[2], MutualTLS: ports[3],
	}}
	t.Cleanup(func() {
		d.kill()
		if t.Failed() {
			said, _ := os.ReadFile(filepath.Join(dir, "said"))
			t.Logf("%s said: %s", conf, said)
		}
		_ = os.RemoveAll(dir)
	})
	d.certify()
	return d
}

// freePorts returns n ports that nobody listens on, neither for TCP nor for UDP.
func freePorts(t testing.TB, n int) (ports []int) {
	for len(ports) < n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close() // when all are found, so that they differ
		port := l.Addr().(*net.TCPAddr).Port
		if conn, err := net.ListenPacket("udp", local4(port)); err == nil {
			_ = conn.Close()
			ports = append(ports, port)
		}
	}
	return ports
}

func (d *daemon) writeConf(name string) string {
	var b bytes.Buffer
	require.NoError(d.t, template.Must(template.ParseFiles(filepath.Join("testdata", name))).Execute(&b, d.conf))
	path := filepath.Join(d.conf.Dir, name)
	require.NoError(d.t, os.WriteFile(path, b.Bytes(), 0o600))
	return path
}

// start runs the daemon and waits until it listens everywhere.
func (d *daemon) start() {
	d.t.Helper()
	said, err := os.OpenFile(filepath.Join(d.conf.Dir, "said"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(d.t, err)
	defer said.Close()
	d.cmd = exec.Command(d.argv[0], d.argv[1:]...)
	d.cmd.Stdout, d.cmd.Stderr = said, said
	require.NoError(d.t, d.cmd.Start())
	for _, port := range []int{d.conf.TCP, d.conf.Lines, d.conf.TLS, d.conf.MutualTLS} {
		require.Eventually(d.t, func() bool {
			conn, err := net.Dial("tcp", local4(port))
			if err == nil {
				_ = conn.Close()
			}
			return err == nil
		}, soon, tick, "the daemon listens at %d", port)
	}
	for _, path := range []string{d.conf.Socket, d.conf.DevLog} {
		require.Eventually(d.t, func() bool { _, err := os.Stat(path); return err == nil }, soon, tick)
	}
}

func local4(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// kill ends the daemon at once, without a chance to store what it has.
func (d *daemon) kill() {
	if d.cmd == nil || d.cmd.Process == nil {
		return
	}
	_ = d.cmd.Process.Kill()
	_ = d.cmd.Wait()
	_ = os.Remove(filepath.Join(d.conf.Dir, "pid"))
	_ = os.Remove(d.conf.Socket)
	_ = os.Remove(d.conf.DevLog)
	d.cmd = nil
}

// records returns what the daemon has stored so far, but for a line that it is still writing.
func (d *daemon) records() (all []stored) {
	b, err := os.ReadFile(d.conf.Out)
	if err != nil {
		return nil
	}
	lines := bufio.NewScanner(bytes.NewReader(b[:bytes.LastIndexByte(b, '\n')+1]))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r stored
		require.NoError(d.t, json.Unmarshal(lines.Bytes(), &r), "%s", lines.Text())
		all = append(all, r)
	}
	return all
}

// await waits until the daemon has stored n records, and returns them.
func (d *daemon) await(n int) (all []stored) {
	d.t.Helper()
	require.Eventually(d.t, func() bool {
		b, _ := os.ReadFile(d.conf.Out)
		return bytes.Count(b, []byte("\n")) >= n
	}, soon, 10*tick, "%d records arrive", n)
	return d.records()
}

// ways returns a Config for each way to the daemon.
func (d *daemon) ways() map[string]Config {
	trust, mutual := d.clientTLS(false), d.clientTLS(true)
	return map[string]Config{
		"UDP":                {Network: "udp", Address: local4(d.conf.UDP)},
		"TCP octet counting": {Network: "tcp", Address: local4(d.conf.TCP)},
		"TCP newline":        {Network: "tcp", Address: local4(d.conf.Lines), Framing: Newline},
		"TLS":                {Address: local4(d.conf.TLS), TLS: trust},
		"mutual TLS":         {Address: local4(d.conf.MutualTLS), TLS: mutual},
		"unix datagrams":     {Network: "unixgram", Address: d.conf.Socket},
	}
}

func (d *daemon) clientTLS(certificate bool) *tls.Config {
	pem, err := os.ReadFile(d.conf.CA)
	require.NoError(d.t, err)
	cfg := &tls.Config{RootCAs: x509.NewCertPool()}
	require.True(d.t, cfg.RootCAs.AppendCertsFromPEM(pem))
	if certificate {
		pair, err := tls.LoadX509KeyPair(d.conf.ClientCert, d.conf.ClientKey)
		require.NoError(d.t, err)
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg
}

// certify makes an authority, a server's certificate and a client's.
func (d *daemon) certify() {
	in := func(name string) string { return filepath.Join(d.conf.Dir, name) }
	c := &d.conf
	c.CA, c.Cert, c.Key, c.ClientCert, c.ClientKey = in("ca.pem"), in("cert.pem"), in("key.pem"), in("client.pem"), in("clientkey.pem")
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	caKey := d.sign(ca, ca, nil, c.CA, in("cakey.pem"))
	for i, paths := range [][2]string{{c.Cert, c.Key}, {c.ClientCert, c.ClientKey}} {
		leaf := &x509.Certificate{SerialNumber: big.NewInt(int64(2 + i)), Subject: pkix.Name{CommonName: fmt.Sprint("leaf ", i)},
			DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
			NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
		d.sign(leaf, ca, caKey, paths[0], paths[1])
	}
}

// sign writes a new key and its certificate to files. A nil signer signs itself.
func (d *daemon) sign(leaf, parent *x509.Certificate, signer *ecdsa.PrivateKey, cert, keyPath string) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(d.t, err)
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, parent, &key.PublicKey, signer)
	require.NoError(d.t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(d.t, err)
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, keyPath: {Type: "PRIVATE KEY", Bytes: secret}} {
		require.NoError(d.t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	}
	return key
}

// params returns the structured data as a strict reader understands it.
func (r stored) params(t testing.TB) (m message) {
	t.Helper()
	rest, err := m.parseElements(r.SD)
	require.NoError(t, err, "%q", r.SD)
	require.Empty(t, strings.TrimSpace(rest))
	return m
}
