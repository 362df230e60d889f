package main

import (
	"bytes"
	"fmt"
	"mime"
	"net/mail"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"infolettre": main})
}

type serverKey struct{}

type heldKey struct{}

// Each script has an SMTP server of its own on $SMTP_PORT:
//
//	smtp count N              it has accepted N mails
//	smtp subject N TEXT       the Nth has this subject; a plain space stands for any
//	smtp fault STEP TO CODE   it answers so from now on; CODE may carry an enhanced code
//	smtp hold                 it answers no final dot any more
//	smtp reached              waits until a final dot is held
//	smtp well                 it behaves well again
//	insist                    what runs in the background is asked to stop, again
//	                          and again until it has ended
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			server, err := smtptest.New(smtptest.Script{})
			if err != nil {
				return err
			}
			env.Defer(server.Close)
			env.Values[serverKey{}] = server
			env.Values[heldKey{}] = make(chan struct{}, 100)
			env.Setenv("SMTP_PORT", strconv.Itoa(server.Port()))
			env.Setenv("INFOLETTRE_DELIVERY_SERVERS_0_HOST", server.Host())
			env.Setenv("INFOLETTRE_DELIVERY_SERVERS_0_PORT", strconv.Itoa(server.Port()))
			env.Setenv("LANG", "fr_FR.UTF-8")
			env.Setenv("SAMPLES", os.Getenv("INFOLETTRE_SAMPLES"))
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "samples" {
				return os.Getenv("INFOLETTRE_SAMPLES") != "", nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"smtp": smtpCommand, "insist": insist},
	})
}

func insist(ts *testscript.TestScript, _ bool, _ []string) {
	for _, c := range ts.BackgroundCmds() {
		for c.Process.Signal(syscall.SIGTERM) == nil {
			runtime.Gosched()
		}
	}
}

func smtpCommand(ts *testscript.TestScript, neg bool, args []string) {
	server := ts.Value(serverKey{}).(*smtptest.Server)
	held := ts.Value(heldKey{}).(chan struct{})
	switch {
	case len(args) == 2 && args[0] == "count":
		if got := strconv.Itoa(len(server.Messages())); (got == args[1]) == neg {
			ts.Fatalf("the server accepted %s mails", got)
		}
	case len(args) == 3 && args[0] == "subject":
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		if got, err := subjectOf(server.Messages()[n-1].Data); err != nil || (got == args[2]) == neg {
			ts.Fatalf("the subject is %q, %v", got, err)
		}
	case len(args) == 4 && args[0] == "fault":
		code, enhanced, _ := strings.Cut(args[3], "/")
		n, err := strconv.Atoi(code)
		ts.Check(err)
		server.SetFaults(smtptest.Fault{Step: smtptest.Step(args[1]), To: args[2], Code: n, Enhanced: enhanced, Text: "non"})
	case len(args) == 1 && args[0] == "hold":
		server.SetFaults(smtptest.Fault{Step: smtptest.Dot, Hold: make(chan struct{}), Reached: func() { held <- struct{}{} }})
	case len(args) == 1 && args[0] == "reached":
		<-held
	case len(args) == 1 && args[0] == "well":
		server.SetFaults()
	default:
		ts.Fatalf("usage: smtp count N | subject N TEXT | fault STEP TO CODE | hold | reached | well")
	}
}

func subjectOf(raw []byte) (string, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return "", err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(subject), err
}
