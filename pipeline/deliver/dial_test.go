package deliver_test

import (
	"crypto/tls"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
)

// A login takes the best way that the server knows, and shows the password
// only where nobody can listen.
func TestLogin(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		secure  deliver.TLS
		offered string
		want    string // the mechanism tried
		works   bool   // the server of the tests knows it
	}{
		{deliver.Implicit, "PLAIN LOGIN", "PLAIN", true},
		{deliver.Implicit, "LOGIN", "LOGIN", true},
		{deliver.Implicit, "LOGIN CRAM-MD5", "CRAM-MD5", true},
		{deliver.Implicit, "PLAIN SCRAM-SHA-1 SCRAM-SHA-256", "SCRAM-SHA-256", false},
		{deliver.Implicit, "SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS", false},
		{deliver.Implicit, "GSSAPI", "", false},
		{deliver.StartTLS, "PLAIN LOGIN", "PLAIN", true},
		{deliver.StartTLS, "SCRAM-SHA-256-PLUS PLAIN", "SCRAM-SHA-256-PLUS", false},
		{deliver.Plain, "PLAIN LOGIN", "PLAIN", true},
		{deliver.Plain, "LOGIN", "LOGIN", true},
		{deliver.Plain, "LOGIN CRAM-MD5", "CRAM-MD5", true},
		{deliver.Plain, "SCRAM-SHA-1-PLUS SCRAM-SHA-1", "SCRAM-SHA-1", false},
	} {
		t.Run(string(test.secure)+"/"+test.offered, func(t *testing.T) {
			t.Parallel()
			script := smtptest.Script{Extensions: []string{"PIPELINING", "AUTH " + test.offered}, User: "lettre", Password: "secret"}
			switch test.secure {
			case deliver.Implicit: // where the offer of STARTTLS is nonsense, and not taken
				script.TLS, script.Extensions = true, append(script.Extensions, "StartTLS")
			case deliver.StartTLS:
				script.Extensions = append(script.Extensions, "STARTTLS")
			}
			s := smtptest.Start(t, script)
			err := deliver.Greet(t.Context(), deliver.Server{
				Host: s.Host(), Port: s.Port(), TLS: test.secure, Username: "lettre", Password: "secret",
				Config: &tls.Config{RootCAs: s.RootCAs(), ServerName: s.Host()},
			})
			if (err == nil) != test.works {
				t.Errorf("got %v", err)
			}
			tried := ""
			for _, c := range s.Commands() {
				if _, mechanism, ok := strings.Cut(c, "AUTH "); ok {
					tried = mechanism
				}
			}
			if tried != test.want {
				t.Errorf("tried %q, want %q", tried, test.want)
			}
			if test.secure == deliver.Implicit && slices.Contains(s.Commands(), "1 STARTTLS") {
				t.Error("STARTTLS within TLS")
			}
		})
	}
}

// Off loopback no password is shown without TLS, also where the settings were
// not looked at.
func TestNoPasswordInClear(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t, smtptest.Script{Extensions: []string{"AUTH PLAIN LOGIN"}, User: "lettre", Password: "secret"})
	err := deliver.Greet(t.Context(), deliver.Server{Host: "0.0.0.0", Port: s.Port(), TLS: deliver.Plain, Username: "lettre", Password: "secret"})
	if cause, _ := deliver.CauseOf(err); cause.Name != "no-login" {
		t.Errorf("got %v", err)
	}
	if got := strings.Join(s.Commands(), "\n"); strings.Contains(got, "AUTH") {
		t.Errorf("commands:\n%s", got)
	}
}

// Keywords have no case (RFC 5321 §2.4).
func TestKeywordsHaveNoCase(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t, smtptest.Script{
		Extensions: []string{"StartTLS", "Pipelining", "8BitMime", "Auth LOGIN"}, User: "lettre", Password: "secret",
		Faults: []smtptest.Fault{{Step: smtptest.Rcpt, Code: 450}},
	})
	to := audience.MustAddress(victim)
	err := deliver.SendOne(t.Context(), deliver.Server{
		Host: s.Host(), Port: s.Port(), TLS: deliver.StartTLS, Username: "lettre", Password: "secret",
		Config: &tls.Config{RootCAs: s.RootCAs(), ServerName: s.Host()},
	}, to, to, []byte("Subject: x\r\n\r\nx\r\n"))
	if reply := (*deliver.ReplyError)(nil); !errors.As(err, &reply) || reply.Reply.Code != 450 {
		t.Errorf("got %v", err)
	}
	// DATA behind a refused RCPT comes from pipelining only.
	if c := s.Commands(); !slices.Contains(c, "1 DATA") || !slices.Contains(c, "1 MAIL FROM:<"+victim+"> BODY=8BITMIME") {
		t.Errorf("commands: %q", c)
	}
}

// A server that never comes to an end before the first mail is left.
func TestEndlessGreeting(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]smtptest.Fault{
		"greeting":         {Step: smtptest.Banner, Raw: strings.Repeat("220-x\r\n", 100_000)},
		"line":             {Step: smtptest.Banner, Raw: strings.Repeat("x", 1_000_000)},
		"reply to EHLO":    {Step: smtptest.EHLO, Raw: strings.Repeat("250-x\r\n", 100_000)},
		"reply to a login": {Step: smtptest.Auth, Raw: strings.Repeat("235-x\r\n", 100_000)},
	} {
		s := smtptest.Start(t, smtptest.Script{Extensions: []string{"AUTH PLAIN"}, Faults: []smtptest.Fault{fault}})
		err := deliver.Greet(t.Context(), deliver.Server{Host: s.Host(), Port: s.Port(), Username: "lettre", Password: "secret"})
		if cause, _ := deliver.CauseOf(err); cause.Name != "endless-reply" {
			t.Errorf("%s: got %.80v", name, err)
		}
	}
}
