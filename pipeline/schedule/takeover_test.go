package schedule_test

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// readersVariable is to how many a worker is lost while it sends; "make
// takeover" sets it to 100,000.
const readersVariable = "INFOLETTRE_TAKEOVER"

// Two workers in network namespaces of their own, as on two machines, share an
// issue. One is killed, or its cable is pulled, in the middle: the other
// finishes, nobody is forgotten, and whoever got two mails is named, no more
// of them than the lost one had connections. When the cable is back, the lost
// one does no harm.
func TestTakeover(t *testing.T) {
	needNamespaces(t)
	for _, how := range []string{"killed", "cut off"} {
		t.Run(how, func(t *testing.T) { takeover(t, how == "killed") })
	}
}

func takeover(t *testing.T, kill bool) {
	readers, _ := strconv.Atoi(os.Getenv(readersVariable))
	if readers == 0 {
		readers = 1500
	}
	const connections = 4
	server := smtptest.Start(t, smtptest.Script{Brief: true})
	source := storetest.PostgresURL(t)
	s, err := store.Open(t.Context(), source, true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := addReaders(t.Context(), s, readers); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	var workers []*process
	for i := range 2 {
		host := namespace(t, i)
		smtp := forward(t, host, "tcp", server.Addr())
		database := forward(t, host, "unix", socket(t, source))
		workers = append(workers, startProcess(t, options{
			command: []string{"ip", "netns", "exec", namespaceName(i)}, name: fmt.Sprint("w", i), folder: folder, connections: connections,
			source: through(t, source, database), host: smtp.IP.String(), port: smtp.Port,
		}))
	}
	for _, p := range workers {
		p.expect(t, "ready")
		p.tick(t, monday)
		p.expect(t, "done")
	}
	for _, p := range workers {
		p.tick(t, slot(0))
		p.expect(t, "done")
	}
	accepted := func() int {
		tally, err := s.Tally(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		return tally[deliver.Accepted]
	}
	until(t, "a quarter is sent", func() bool { return accepted() > readers/4 })
	if kill {
		if err := workers[0].Process.Kill(); err != nil {
			t.Fatal(err)
		}
	} else {
		command(t, "ip", "link", "set", linkName(0), "down")
	}
	lostAt := time.Now()
	sent(t, s, 1)
	t.Logf("the other finished %s after the loss", time.Since(lostAt).Round(time.Millisecond))
	if !kill {
		command(t, "ip", "link", "set", linkName(0), "up")
		until(t, "the lost worker is back", func() bool {
			leases, err := s.Leases(t.Context())
			return err == nil && len(leases) == 2 && strings.Contains(leases[0].Name+leases[1].Name, "w0")
		})
	}
	checkTakeover(t, s, server, readers, connections)
}

func checkTakeover(t *testing.T, s *store.Store, server *smtptest.Server, readers, connections int) {
	t.Helper()
	cases, err := s.Cases(t.Context(), 1, 1000)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, c := range cases {
		if !c.Doubted.IsZero() {
			named[c.Address.String()] = true
		}
	}
	if len(named) > connections {
		t.Errorf("%d are in doubt, more than %d connections", len(named), connections)
	}
	counts := server.Counts()
	if len(counts) != readers {
		t.Errorf("%d got a mail, want %d", len(counts), readers)
	}
	twice := 0
	for address, n := range counts {
		if n > 1 {
			twice++
		}
		if n > 1 && !named[address] {
			t.Errorf("%s got %d mails, and is not named", address, n)
		}
	}
	tally, err := s.Tally(t.Context(), 1)
	if err != nil || tally[deliver.Accepted] != readers {
		t.Errorf("the closing sum: %v, %v", tally, err)
	}
	t.Logf("%d in doubt, %d got two mails", len(named), twice)
}

// needNamespaces skips without the right to make them; root in CI must have it.
func needNamespaces(t *testing.T) {
	t.Helper()
	reason := ""
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		reason = err.Error()
	} else if out, err := exec.Command("ip", "netns", "add", namespaceName(0)).CombinedOutput(); err != nil {
		reason = string(out)
	} else {
		command(t, "ip", "netns", "delete", namespaceName(0))
	}
	if reason != "" && os.Getenv("CI") == "true" {
		t.Fatal(reason)
	}
	if reason != "" {
		t.Skip(reason)
	}
}

// Names are this process's, so that two runs do not meet.
func namespaceName(i int) string { return fmt.Sprintf("infolettre-%d-%d", os.Getpid(), i) }
func linkName(i int) string      { return fmt.Sprintf("il%d-%d", os.Getpid(), i) }

// namespace makes one, with a cable to ours; it returns our end's address.
func namespace(t *testing.T, i int) net.IP {
	t.Helper()
	name, ours := namespaceName(i), linkName(i)
	theirs := ours + "p"
	subnet := fmt.Sprintf("10.%d.%d", 64+os.Getpid()%128, 10+i)
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "delete", name).Run() })
	for _, args := range [][]string{
		{"netns", "add", name},
		{"link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name},
		{"address", "add", subnet + ".1/24", "dev", ours},
		{"link", "set", ours, "up"},
		{"-n", name, "address", "add", subnet + ".2/24", "dev", theirs},
		{"-n", name, "link", "set", theirs, "up"},
	} {
		command(t, "ip", args...)
	}
	return net.ParseIP(subnet + ".1")
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}

// forward takes connections on our end of a cable to a server here.
func forward(t *testing.T, host net.IP, network, address string) *net.TCPAddr {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: host})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial(network, address)
			if err != nil {
				from.Close()
				continue
			}
			for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
				go func() {
					_, _ = io.Copy(pair[1], pair[0])
					pair[0].Close()
					pair[1].Close()
				}()
			}
		}
	}()
	return l.Addr().(*net.TCPAddr)
}

// socket is the path of the test server's socket.
func socket(t *testing.T, source string) string {
	t.Helper()
	u, err := url.Parse(source)
	if err != nil || u.Query().Get("host") == "" {
		t.Skipf("the test server has no socket: %v", err)
	}
	return u.Query().Get("host") + "/.s.PGSQL.5432"
}

// through is the same database by another way.
func through(t *testing.T, source string, address *net.TCPAddr) string {
	t.Helper()
	u, err := url.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	u.Host, u.RawQuery = address.String(), "sslmode=disable"
	return u.String()
}
