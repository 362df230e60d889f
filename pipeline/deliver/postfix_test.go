package deliver_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
)

// wants skips a test on a machine that lacks what it needs, and fails in CI.
func wants(t testing.TB, met bool, what string) {
	t.Helper()
	switch {
	case met:
	case os.Getenv("CI") == "true":
		t.Fatalf("this test needs %s", what)
	default:
		t.Skipf("this test needs %s", what)
	}
}

const masterProgram = "/usr/lib/postfix/sbin/master" // where Debian keeps it

// postfix is a Postfix of our own, in a folder of its own.
type postfix struct {
	dir                 string
	plain, right, stale int // ports: without TLS, with a certificate, with an expired one
	roots               *x509.CertPool
}

// startPostfix runs a Postfix that knows r001@exemple.fr to r009@exemple.fr,
// asks a policy server about them, and hands mails on to relay.
func startPostfix(t *testing.T, policy, relay int) *postfix {
	t.Helper()
	_, err := os.Stat(masterProgram)
	wants(t, err == nil && os.Getuid() == 0, "Postfix, and root's rights")
	p := &postfix{dir: t.TempDir(), plain: freePort(t), right: freePort(t), stale: freePort(t), roots: x509.NewCertPool()}
	for dir := p.dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // its processes are of another user
			t.Fatal(err)
		}
	}
	p.folders(t)
	p.certificate(t, "right", time.Now().Add(time.Hour))
	p.certificate(t, "stale", time.Now().Add(-time.Hour))
	known := make([]string, 9)
	for i := range known {
		known[i] = fmt.Sprintf("{r%03d@exemple.fr = known}", i+1)
	}
	p.write(t, "main.cf", fmt.Sprintf(`
compatibility_level = 3.6
queue_directory = %[1]s/spool
data_directory = %[1]s/data
maillog_file = %[1]s/log
maillog_file_prefixes = %[1]s
myhostname = relais.exemple.fr
mydestination =
inet_protocols = ipv4
relay_domains = exemple.fr
relay_recipient_maps = inline:{ %[2]s }
relay_transport = smtp:[127.0.0.1]:%[3]d
smtpd_recipient_restrictions = reject_unlisted_recipient, check_policy_service inet:127.0.0.1:%[4]d, permit_mynetworks, reject
mynetworks = 127.0.0.0/8
`, p.dir, strings.Join(known, ", "), relay, policy))
	p.write(t, "master.cf", fmt.Sprintf(`
127.0.0.1:%[1]d inet n - n - - smtpd
127.0.0.1:%[2]d inet n - n - - smtpd -o smtpd_tls_security_level=may -o smtpd_tls_chain_files=%[4]s/right.pem
127.0.0.1:%[3]d inet n - n - - smtpd -o smtpd_tls_security_level=may -o smtpd_tls_chain_files=%[4]s/stale.pem
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`, p.plain, p.right, p.stale, p.dir))
	master := exec.Command(masterProgram, "-c", p.dir, "-d")
	if err := master.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = master.Process.Signal(syscall.SIGTERM)
		_ = master.Wait()
		if log, err := os.ReadFile(filepath.Join(p.dir, "log")); err == nil && t.Failed() {
			t.Logf("%s", log)
		}
	})
	for _, port := range []int{p.plain, p.right, p.stale} {
		awaitPort(t, port)
	}
	return p
}

func (p *postfix) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// folders makes those that Postfix expects, with their owners.
func (p *postfix) folders(t *testing.T) {
	t.Helper()
	account, err := user.Lookup("postfix")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(account.Uid)
	for _, name := range []string{
		"data", "spool", "spool/active", "spool/bounce", "spool/corrupt", "spool/defer", "spool/deferred", "spool/flush", "spool/hold",
		"spool/incoming", "spool/maildrop", "spool/pid", "spool/private", "spool/public", "spool/saved", "spool/trace",
	} {
		dir := filepath.Join(p.dir, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if name == "spool" || name == "spool/pid" {
			continue
		}
		if err := os.Chown(dir, uid, -1); err != nil {
			t.Fatal(err)
		}
	}
}

// certificate writes one for 127.0.0.1 that ends then, and trusts it.
func (p *postfix) certificate(t *testing.T, name string, ends time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: ends.AddDate(-1, 0, 0), NotAfter: ends, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	chain := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	p.write(t, name+".pem", string(chain))
	if !p.roots.AppendCertsFromPEM(chain) {
		t.Fatal("the certificate is not one")
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// awaitPort waits until a process listens there.
func awaitPort(t testing.TB, port int) {
	t.Helper()
	for range 250 {
		c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port))
		if err == nil {
			c.Close()
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	t.Fatalf("nobody listens on port %d", port)
}

// startGreylist runs a policy server (Postfix's SMTPD_POLICY_README) that puts
// each recipient off once.
func startGreylist(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var serving sync.WaitGroup
	seen := map[string]bool{}
	t.Cleanup(func() { l.Close(); serving.Wait() })
	answer := func(c net.Conn) {
		defer c.Close()
		recipient := ""
		for lines := bufio.NewScanner(c); lines.Scan(); {
			if r, ok := strings.CutPrefix(lines.Text(), "recipient="); ok {
				recipient = r
			}
			if lines.Text() != "" {
				continue
			}
			mu.Lock()
			action := "450 4.7.1 greylisted, come back later"
			if seen[recipient] {
				action = "dunno"
			}
			seen[recipient] = true
			mu.Unlock()
			fmt.Fprintf(c, "action=%s\n\n", action)
		}
	}
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { answer(c) })
		}
	})
	return l.Addr().(*net.TCPAddr).Port
}

// A real Postfix that greylists, refuses a recipient and wants TLS is met as
// the table of replies says.
func TestPostfix(t *testing.T) {
	arrived := make(chan struct{}, 100)
	relay := smtptest.Start(t, smtptest.Script{Faults: []smtptest.Fault{{Step: smtptest.Dot, Reached: func() { arrived <- struct{}{} }}}})
	p := startPostfix(t, startGreylist(t), relay.Port())
	b := newBench(t, 10, deliver.Resend)
	server := func(port int, tlsMode deliver.TLS) {
		b.sender.Config.Servers = []deliver.Server{{
			Host: "127.0.0.1", Port: port, TLS: tlsMode, Weight: 1,
			Config: &tls.Config{RootCAs: p.roots, ServerName: "127.0.0.1"},
		}}
	}
	for name, port := range map[string]int{"no STARTTLS": p.plain, "an expired certificate": p.stale} {
		server(port, deliver.StartTLS)
		if _, err := b.run(1); err == nil {
			t.Errorf("%s: no error", name)
		}
		b.check(1, map[deliver.State]int{deliver.Pending: 10})
	}
	server(p.right, deliver.StartTLS)
	settled, err := b.run(1)
	if err != nil || settled.Suppressed != 1 {
		t.Errorf("got %+v, %v", settled, err)
	}
	b.check(1, map[deliver.State]int{deliver.Refused: 1, deliver.Pending: 9})
	for _, c := range b.cases() {
		want := deliver.ClassLater
		if c.Address.String() == "r000@exemple.fr" {
			want = deliver.ClassHard
		}
		if c.Class != want || !c.Doubted.IsZero() {
			t.Errorf("%s: %s (%s), want %s", c.Address, c.Class, c.Reply, want)
		}
	}
	b.advance(10 * time.Minute)
	if settled, err := b.run(1); err != nil || settled.State != deliver.IssueSent {
		t.Errorf("got %+v, %v", settled, err)
	}
	b.check(1, map[deliver.State]int{deliver.Refused: 1, deliver.Accepted: 9})
	for range 9 {
		<-arrived
	}
	for _, m := range relay.Messages() {
		if len(m.Data) < 900 {
			t.Errorf("%s got %d bytes", m.To, len(m.Data))
		}
	}
}
