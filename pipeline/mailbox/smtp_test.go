package mailbox_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/mailbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newMailbox(t *testing.T, options mailbox.Options) *mailbox.Mailbox {
	t.Helper()
	catalogue, err := locales.Load(locales.Files, "fr")
	if err != nil {
		t.Fatal(err)
	}
	options.Catalogue = catalogue
	options.Now = func() time.Time { return time.Date(2025, time.February, 20, 11, 0, 1, 0, time.UTC) }
	m, err := mailbox.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// serve runs the mailbox's SMTP server and returns its address.
func serve(t *testing.T, m *mailbox.Mailbox) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- m.ServeSMTP(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return l.Addr().String()
}

func TestReceive(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, mailbox.Options{})
	addr := serve(t, m)
	err := smtp.SendMail(addr, nil, "n@example.org", []string{"ada@example.net", "bob@example.net"}, []byte("Subject: x\r\n\r\n.dot\r\n..\r\nend\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := m.Messages()
	if len(got) != 1 {
		t.Fatalf("got %d messages, want 1", len(got))
	}
	if want := "Subject: x\r\n\r\n.dot\r\n..\r\nend\r\n"; string(got[0].Raw) != want {
		t.Errorf("raw: got %q, want %q", got[0].Raw, want)
	}
	if got[0].From != "n@example.org" || !slices.Equal(got[0].To, []string{"ada@example.net", "bob@example.net"}) {
		t.Errorf("envelope: got %s to %s", got[0].From, got[0].To)
	}
	if want := "2025-02-20T11:00:01Z"; got[0].Received.Format(time.RFC3339) != want {
		t.Errorf("received: got %s, want %s", got[0].Received, want)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	const mail = "Subject: x\r\n\r\n0123456789\r\n" // 26 bytes
	for _, tt := range []struct {
		name    string
		options mailbox.Options
		want    string // the second message's reply
	}{
		{"room for both", mailbox.Options{}, ""},
		{"too many", mailbox.Options{MaxMessages: 1}, "452"},
		{"too much", mailbox.Options{MaxBytes: 51}, "452"},
		{"just enough", mailbox.Options{MaxBytes: 52}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMailbox(t, tt.options)
			addr := serve(t, m)
			send := func() error {
				return smtp.SendMail(addr, nil, "n@example.org", []string{"ada@example.net"}, []byte(mail))
			}
			if err := send(); err != nil {
				t.Fatal(err)
			}
			err := send()
			if (err == nil) != (tt.want == "") || err != nil && !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestTooBig(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, mailbox.Options{MaxMessageBytes: 100})
	err := smtp.SendMail(serve(t, m), nil, "n@example.org", []string{"ada@example.net"}, []byte(strings.Repeat("0123456789\r\n", 20)))
	if err == nil || !strings.HasPrefix(err.Error(), "552") {
		t.Errorf("got %v, want 552", err)
	}
	if got := m.Messages(); len(got) != 0 {
		t.Errorf("kept %d messages", len(got))
	}
}

// The client goes away in the middle of a body: nothing may be kept. It reads
// on until the server has closed, which is when the server is done.
func TestTruncated(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, mailbox.Options{})
	conn, err := net.Dial("tcp", serve(t, m))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	fmt.Fprint(conn, "EHLO x\r\nMAIL FROM:<n@example.org>\r\nRCPT TO:<ada@example.net>\r\nDATA\r\n")
	replies := readUntil(t, r, "354")
	for _, want := range []string{"PIPELINING", "8BITMIME", "SIZE 1048576"} {
		if !strings.Contains(replies, want) {
			t.Errorf("EHLO does not offer %s:\n%s", want, replies)
		}
	}
	fmt.Fprint(conn, "Subject: half\r\n\r\nhal")
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Fatal(err)
	}
	if got := m.Messages(); len(got) != 0 {
		t.Errorf("kept %d messages", len(got))
	}
}

// Ending the context must close a connection whose client says nothing.
func TestStopWithIdleClient(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, mailbox.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- m.ServeSMTP(ctx, l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	readUntil(t, r, "220")
	cancel()
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
	if line, err := r.ReadString('\n'); err == nil && !strings.HasPrefix(line, "421") {
		t.Errorf("the connection is still open, and says %q", line)
	}
}

func TestLoopbackOnly(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	err = newMailbox(t, mailbox.Options{}).ServeSMTP(t.Context(), l)
	if !errors.Is(err, mailbox.ErrNotLoopback) {
		t.Errorf("got %v, want %v", err, mailbox.ErrNotLoopback)
	}
}

func TestWriteEML(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, mailbox.Options{})
	addr := serve(t, m)
	recipients := []string{"ada@example.net", `"../../evil"@example.net`, "CON@example.net", strings.Repeat("a", 60) + "@" + strings.Repeat("b", 60) + ".net"}
	for _, to := range recipients {
		if err := smtp.SendMail(addr, nil, "n@example.org", []string{to}, []byte("To: "+to+"\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "new", "mail")
	if err := m.WriteEML(dir); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, f.Name())
	}
	want := []string{
		"001-ada@example.net.eml", "002-..-..-evil@example.net.eml", "003-CON@example.net.eml",
		"004-" + strings.Repeat("a", 60) + "@" + strings.Repeat("b", 39) + ".eml",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "001-ada@example.net.eml"))
	if want := "To: ada@example.net\r\n\r\n"; err != nil || string(raw) != want {
		t.Errorf("got %q, %v, want %q", raw, err, want)
	}
}

// readUntil returns the lines up to one that begins with prefix.
func readUntil(t *testing.T, r *bufio.Reader, prefix string) string {
	t.Helper()
	var all strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("waiting for %s: %v", prefix, err)
		}
		all.WriteString(line)
		if strings.HasPrefix(line, prefix) {
			return all.String()
		}
	}
}
