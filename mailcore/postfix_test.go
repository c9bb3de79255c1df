package mailcore_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/peers"
	"example.com/zaphandlers/mailcore"
	"example.com/zaphandlers/mailcore/internal/messagetest"
)

// postfix is a private instance of the real server. It stores what is for ops@example.test, and sends nothing anywhere.
type postfix struct {
	mailbox string            // a file in mbox format
	ports   map[string]string // of each smtpd, by what it offers
}

// postfixRecipients are those that one of the listeners takes at once.
const postfixRecipients = 5

// postfixServices are the listeners: STARTTLS with one mechanism each, and implicit TLS with all of them.
var postfixServices = []string{"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "implicit"}

const postfixMain = `compatibility_level = 3.6
queue_directory = DIR/queue
data_directory = DIR/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = /dev/stdout
myhostname = localhost.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
default_transport = error:nothing leaves this machine
relay_transport = error:nothing leaves this machine
local_transport = error:nothing is local
virtual_mailbox_domains = example.test
virtual_mailbox_maps = static:ops
virtual_mailbox_base = DIR/mail
virtual_mailbox_limit = 0
virtual_uid_maps = static:UID
virtual_gid_maps = static:GID
virtual_minimum_uid = 1
smtpd_peername_lookup = no
smtpd_tls_cert_file = DIR/cert.pem
smtpd_tls_key_file = DIR/key.pem
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_local_domain = localhost.test
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_client_connection_count_limit = 0
smtpd_helo_required = yes
smtpd_helo_restrictions = reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname
message_size_limit = 1000000
`

const postfixMaster = `postlog   unix-dgram n  -       n       -       1       postlogd
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
virtual   unix  -       n       n       -       -       virtual
`

const postfixSASL = `pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: DIR/sasldb2
mech_list: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256
`

// startPostfix runs the server until the test ends.
func startPostfix(t *testing.T, cert *certificate) *postfix {
	if os.Geteuid() != 0 {
		t.Skip("postfix wants to be started by root")
	}
	owner, err := user.Lookup("postfix")
	if err != nil {
		peers.Missing(t, "postfix is not installed: it has no user")
	}
	for _, program := range []string{"postfix", "saslpasswd2"} {
		if _, err := exec.LookPath(program); err != nil {
			peers.Missing(t, program+" is not installed")
		}
	}
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755), "the server's own user has to get there")
	p := &postfix{mailbox: filepath.Join(dir, "mail", "ops"), ports: map[string]string{}}
	p.configure(t, dir, owner, cert)
	p.run(t, filepath.Join(dir, "conf"))
	return p
}

func (p *postfix) configure(t *testing.T, dir string, owner *user.User, cert *certificate) {
	conf := filepath.Join(dir, "conf")
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	for _, folder := range []string{"conf", "conf/sasl", "queue", "data", "mail"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, folder), 0o755))
	}
	for _, folder := range []string{"data", "mail"} {
		require.NoError(t, os.Chown(filepath.Join(dir, folder), uid, gid))
	}
	for _, name := range []string{"post-install", "postfix-files", "postfix-script"} {
		script, err := os.ReadFile(filepath.Join("/etc/postfix", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(conf, name), script, 0o755))
	}
	fill := strings.NewReplacer("DIR", dir, "UID", owner.Uid, "GID", owner.Gid)
	master := postfixMaster
	for _, service := range postfixServices {
		p.ports[service] = freePort(t)
		option := "-o smtpd_sasl_mechanism_filter=" + service
		if service == "implicit" {
			option = "-o smtpd_tls_wrappermode=yes"
		}
		if service == "CRAM-MD5" {
			option += " -o smtpd_recipient_limit=" + strconv.Itoa(postfixRecipients)
		}
		master += fmt.Sprintf("127.0.0.1:%s inet n - n - - smtpd %s\n", p.ports[service], option)
	}
	for name, text := range map[string]string{
		"conf/main.cf": fill.Replace(postfixMain), "conf/master.cf": master, "conf/sasl/smtpd.conf": fill.Replace(postfixSASL),
		"cert.pem": string(cert.certPEM), "key.pem": string(cert.keyPEM),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	passwords := filepath.Join(dir, "sasldb2")
	cmd := exec.Command("saslpasswd2", "-p", "-c", "-f", passwords, "-u", "localhost.test", "orders")
	cmd.Stdin = strings.NewReader("secret")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, os.Chown(passwords, uid, gid))
}

// freePort returns a port that was free a moment ago.
func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

func (p *postfix) run(t *testing.T, conf string) {
	var log bytes.Buffer
	cmd := exec.Command("postfix", "-c", conf, "start-fg")
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = exec.Command("postfix", "-c", conf, "stop").Run()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+p.ports["PLAIN"])
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 30*time.Second, 20*time.Millisecond, "postfix listens")
}

// stored waits for n mails and returns what Python makes of them. Deliveries may overtake one another.
func (p *postfix) stored(t *testing.T, n int) []seen {
	require.Eventually(t, func() bool {
		box, _ := os.ReadFile(p.mailbox)
		return bytes.Count(box, []byte("\nMessage-ID: ")) >= n
	}, 60*time.Second, 20*time.Millisecond, "postfix stores %d mails", n)
	return runReader(t, nil, "mbox", p.mailbox)
}

func TestPostfix(t *testing.T) {
	cert := newCertificate(t)
	p := startPostfix(t, cert)
	var texts []string
	for _, service := range postfixServices {
		cfg := hostileConfig("127.0.0.1:" + p.ports[service])
		cfg.TLSConfig = cert.client
		cfg.Credentials = mailcore.Credentials{Username: "orders", Password: "secret"}
		if service == "implicit" {
			cfg.TLS = mailcore.TLSImplicit
		}
		core := newCore(t, cfg)
		require.NoError(t, write(core, "by "+service), service)
		texts = append(texts, "by "+service)

		cfg.Credentials.Password = "wrong"
		err := write(newCore(t, cfg), "x")
		require.ErrorContains(t, err, "535", service)

		if service == "implicit" {
			texts = append(texts, logHostile(t, core)...)
		}
		require.NoError(t, core.Close())
	}
	mails := p.stored(t, len(texts))
	require.Len(t, mails, len(texts), "one record in, one mail stored")
	found := map[string]int{}
	for _, m := range mails {
		assert.Empty(t, m.Defects)
		found[m.Text]++
	}
	wanted := map[string]int{}
	for _, text := range texts {
		wanted[messagetest.Logged(text+"\n")]++
	}
	assert.Equal(t, wanted, found, "and each as it was logged")
}

// Whom postfix has no room for gets the mail in another transaction.
func TestPostfixTakesFewRecipients(t *testing.T) {
	cert := newCertificate(t)
	p := startPostfix(t, cert)
	cfg := hostileConfig("127.0.0.1:" + p.ports["CRAM-MD5"])
	cfg.TLSConfig = cert.client
	cfg.Credentials = mailcore.Credentials{Username: "orders", Password: "secret"}
	cfg.To, cfg.Cc, cfg.Bcc = nil, nil, nil
	for i := range 2*postfixRecipients + 2 {
		cfg.To = append(cfg.To, fmt.Sprintf("ops-%d@example.test", i))
	}
	require.NoError(t, write(newCore(t, cfg), "x"))
	require.Len(t, p.stored(t, len(cfg.To)), len(cfg.To), "each has it once")
}

func TestPostfixRefusesInItsOwnWords(t *testing.T) {
	cert := newCertificate(t)
	p := startPostfix(t, cert)
	cfg := hostileConfig("127.0.0.1:" + p.ports["SCRAM-SHA-256"])
	cfg.TLSConfig = cert.client
	tests := []struct {
		name   string
		change func(*mailcore.Config)
		err    string
	}{
		{"no login", func(c *mailcore.Config) { c.TLS = mailcore.TLSSTARTTLS }, "554"},
		{"an unknown authority", func(c *mailcore.Config) { c.TLS, c.TLSConfig = mailcore.TLSSTARTTLS, nil }, "certificate"},
		{"a mail that is too large", func(c *mailcore.Config) {
			c.Credentials = mailcore.Credentials{Username: "orders", Password: "secret"}
			c.InlineBytes = 10 << 20
		}, "takes 1000000"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := cfg
			test.change(&cfg)
			require.ErrorContains(t, write(newCore(t, cfg), strings.Repeat("x", 2_000_000)), test.err)
		})
	}
}
