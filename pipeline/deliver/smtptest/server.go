// Package smtptest is a raw-TCP SMTP server that misbehaves on demand, for tests.
package smtptest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// DefaultExtensions is what a server offers when its script names none.
func DefaultExtensions() []string {
	return []string{"PIPELINING", "SIZE 1048576", "8BITMIME", "ENHANCEDSTATUSCODES"}
}

// Script says how a server behaves; the zero value behaves well.
type Script struct {
	// Extensions are the lines of the EHLO reply, nil for DefaultExtensions.
	// A SIZE is enforced; "STARTTLS" works, and "AUTH" with PLAIN, LOGIN and CRAM-MD5.
	Extensions []string

	TLS bool // from the first byte, as on port 465 (RFC 8314)

	User, Password string // what AUTH expects
	Faults         []Fault

	// Brief leaves out messages' bytes and the list of commands, for runs
	// of many thousand messages.
	Brief bool
}

// Message is one transaction whose final dot the server answered with 2xx.
type Message struct {
	Conn      int // the connection, counted from 1
	From      string
	To        []string
	Data      []byte // without dot-stuffing and the final dot
	ReplyLost bool   // the server knows that its 2xx did not reach the client
}

// Server is a running server. Its methods are safe for concurrent use.
type Server struct {
	extensions     []string
	offered        map[string]string // an extension's arguments, by its name in capitals
	user, password string
	brief          bool
	tls            bool
	listener       net.Listener
	certificate    *tls.Certificate
	done           chan struct{}
	close          sync.Once
	sessions       sync.WaitGroup

	mu         sync.Mutex
	rules      []*rule
	open       map[net.Conn]bool
	total      int
	peak       int
	messages   []Message
	counts     map[string]int
	commands   []string
	complaints []string
}

// Start runs a server on a free port of 127.0.0.1 until the test ends.
func Start(t testing.TB, script Script) *Server {
	t.Helper()
	s, err := New(script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// New is Start for programs that are not a test; the caller must Close it.
func New(script Script) (*Server, error) {
	s := &Server{
		extensions: script.Extensions, user: script.User, password: script.Password, brief: script.Brief, tls: script.TLS,
		offered: map[string]string{}, done: make(chan struct{}), open: map[net.Conn]bool{}, counts: map[string]int{},
	}
	if s.extensions == nil {
		s.extensions = DefaultExtensions()
	}
	for _, line := range s.extensions {
		name, args, _ := strings.Cut(line, " ")
		s.offered[strings.ToUpper(name)] = args
	}
	s.SetFaults(script.Faults...)
	var err error
	if s.tls || s.offers("STARTTLS") {
		if s.certificate, err = newCertificate(); err != nil {
			return nil, fmt.Errorf("make certificate: %w", err)
		}
	}
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s.sessions.Go(s.accept)
	return s, nil
}

// Close ends every connection at once, and waits for what the server started.
func (s *Server) Close() {
	s.close.Do(func() {
		close(s.done)
		s.listener.Close()
		s.mu.Lock()
		for conn := range s.open {
			conn.Close()
		}
		s.mu.Unlock()
	})
	s.sessions.Wait()
}

// SetFaults replaces the faults, and forgets how often the old ones matched.
// The first fault that strikes at a step wins.
func (s *Server) SetFaults(faults ...Fault) {
	rules := make([]*rule, len(faults))
	for i, f := range faults {
		rules[i] = &rule{Fault: f}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = rules
}

// Addr is the server's host and port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Host is the server's address without its port.
func (s *Server) Host() string { return "127.0.0.1" }

// Port is the server's port.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// RootCAs trusts the certificate of a server that speaks TLS or offers STARTTLS.
func (s *Server) RootCAs() *x509.CertPool {
	pool := x509.NewCertPool()
	if s.certificate != nil {
		pool.AddCert(s.certificate.Leaf)
	}
	return pool
}

// Messages lists what was accepted, in that order.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Counts tells how many messages were accepted for each recipient, in lower case.
func (s *Server) Counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

// Connections tells how many connections there were, and how many at once.
func (s *Server) Connections() (total, peak int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total, s.peak
}

// Commands lists the command lines received, as "<connection> <line>",
// without credentials.
func (s *Server) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// Complaints lists what clients did against the protocol: a bare CR or LF, a
// line too long, eight-bit text or pipelining that was not offered.
func (s *Server) Complaints() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.complaints)
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return // Close closed the listener
		}
		id, ok := s.enter(conn)
		if !ok {
			conn.Close()
			return
		}
		s.sessions.Go(func() {
			defer s.leave(conn)
			newSession(s, conn, id).serve()
		})
	}
}

// enter registers a connection; ok is false once the server is closing.
func (s *Server) enter(conn net.Conn) (id int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.done:
		return 0, false
	default:
	}
	s.open[conn] = true
	s.total++
	s.peak = max(s.peak, len(s.open))
	return s.total, true
}

func (s *Server) leave(conn net.Conn) {
	conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
}

// fault finds the fault that strikes now.
func (s *Server) fault(step Step, c *session) (f Fault, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rules {
		if r.strikes(step, c) {
			return r.Fault, true
		}
	}
	return Fault{}, false
}

// keep records an accepted message and returns its place in the list.
func (s *Server) keep(m Message) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.brief {
		m.Data = nil
	}
	s.messages = append(s.messages, m)
	for _, to := range m.To {
		s.counts[strings.ToLower(to)]++
	}
	return len(s.messages) - 1
}

func (s *Server) markLost(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages[i].ReplyLost = true
}

func (s *Server) note(conn int, line string) {
	if s.brief {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, strconv.Itoa(conn)+" "+line)
}

func (s *Server) complain(conn int, what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.complaints = append(s.complaints, fmt.Sprintf("connection %d: %s", conn, what))
}

func (s *Server) offers(extension string) bool {
	_, ok := s.offered[extension]
	return ok
}

func (s *Server) maxSize() int {
	if n, err := strconv.Atoi(s.offered["SIZE"]); err == nil && n > 0 {
		return n
	}
	return defaultSize
}
