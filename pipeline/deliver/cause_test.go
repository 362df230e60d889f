package deliver_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
)

func TestCauseOf(t *testing.T) {
	t.Parallel()
	to := audience.MustAddress("zoe@exemple.fr")
	send := func(s deliver.Server) error {
		return deliver.SendOne(t.Context(), s, to, to, []byte("Subject: x\r\n\r\nx\r\n"))
	}
	serve := func(faults ...smtptest.Fault) deliver.Server {
		s := smtptest.Start(t, smtptest.Script{Extensions: []string{"STARTTLS", "AUTH PLAIN LOGIN"}, User: "lettre", Password: "secret", Faults: faults})
		return deliver.Server{Host: s.Host(), Port: s.Port(), Config: &tls.Config{RootCAs: s.RootCAs(), ServerName: s.Host()}}
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()

	untrusted := serve()
	untrusted.TLS, untrusted.Config = deliver.StartTLS, nil
	bare := serve()
	bare.TLS = deliver.StartTLS
	plain := smtptest.Start(t, smtptest.Script{Extensions: []string{"AUTH GSSAPI"}})
	bare.Port = plain.Port()
	foreign := deliver.Server{Host: plain.Host(), Port: plain.Port(), Username: "lettre", Password: "secret"}
	stranger := serve()
	stranger.TLS, stranger.Username, stranger.Password = deliver.StartTLS, "lettre", "autre"
	for _, test := range []struct {
		name string
		err  error
		want string // "" for none
	}{
		{"nobody listens", send(deliver.Server{Host: "127.0.0.1", Port: closed.Addr().(*net.TCPAddr).Port}), "refused"},
		{"unknown certificate", send(untrusted), "certificate"},
		{"wrong password", send(stranger), "login@535 credentials refused"},
		{"no STARTTLS", send(bare), "no-starttls@503 not now"},
		{"no way to log in", send(foreign), "no-login@GSSAPI"},
		{"refused greeting", send(serve(smtptest.Fault{Step: smtptest.Banner, Code: 554, Text: "go away"})), "answered@554 go away"},
		{"refused recipient", send(serve(smtptest.Fault{Step: smtptest.Rcpt, Code: 550, Enhanced: "5.1.1", Text: "nobody"})), "answered@550 5.1.1 nobody"},
		{"cut connection", send(serve(smtptest.Fault{Step: smtptest.Mail, Action: smtptest.Drop})), "closed"},
		{"no such name", &net.DNSError{Name: "smtp.exemple.fr", IsNotFound: true}, "no-host@smtp.exemple.fr"},
		{"name server out of reach", &net.DNSError{Name: "smtp.exemple.fr", IsTimeout: true}, "no-names@smtp.exemple.fr"},
		{"silence", context.DeadlineExceeded, "timeout"},
		{"breaker", &deliver.BreakerError{Domain: "exemple.fr"}, "refusals-at@exemple.fr"},
		{"cut greeting", deliver.Greet(t.Context(), serve(smtptest.Fault{Step: smtptest.Banner, Action: smtptest.Drop})), "closed"},
		{"the end of a file", io.ErrUnexpectedEOF, ""},
		{"another", errors.New("another"), ""},
	} {
		got, ok := deliver.CauseOf(test.err)
		if got.String() != test.want || ok != (test.want != "") {
			t.Errorf("%s: got %q, want %q; the error is %v", test.name, got, test.want, test.err)
		}
		if again := deliver.ParseCause(got.String()); again != got {
			t.Errorf("%s: read again, it is %q", test.name, again)
		}
	}
}
