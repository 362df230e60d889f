package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
)

// What a server cannot send it says in its log, and to the team.
func TestServeTellsOfTrouble(t *testing.T) {
	for _, test := range []struct {
		name         string
		fault        smtptest.Fault
		logged, told string
	}{
		{"too many refused", smtptest.Fault{Step: smtptest.Rcpt, Code: 550, Enhanced: "5.1.1", Text: "no such user"},
			"refusals-at@exemple.fr", "infolettre issues retry 1"},
		{"our fault", smtptest.Fault{Step: smtptest.Rcpt, Code: 552, Enhanced: "5.3.4", Text: "too big"},
			"too big", "mails are not leaving"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, "INFOLETTRE_TEAM=team@example.org")
			b.env = append(b.env, "INFOLETTRE_DATABASE_STATE="+filepath.Join(b.folder, "test.state"))
			monday := time.Date(2026, 11, 9, 9, 0, 0, 0, time.UTC)
			args := []string{"subscribers", "add"}
			var faults []smtptest.Fault
			for i := range 60 {
				test.fault.To = fmt.Sprintf("r%02d@exemple.fr", i)
				args, faults = append(args, test.fault.To), append(faults, test.fault)
			}
			if code, text := b.run(monday, args...); code != exitDone {
				t.Fatal(text)
			}
			b.server.SetFaults(faults...)
			b.serve(monday, roleWorker, func() bool {
				_, err := os.Stat(filepath.Join(b.folder, "test.state")) // it has ticked
				return err == nil
			})
			log := b.serve(time.Date(2026, 11, 12, 10, 0, 1, 0, time.UTC), roleAll, func() bool {
				return slices.ContainsFunc(b.server.Messages(), func(m smtptest.Message) bool {
					return m.To[0] == "team@example.org" && strings.Contains(string(m.Data), test.told)
				})
			})
			if !strings.Contains(log, "an issue is not sent") || !strings.Contains(log, test.logged) {
				t.Errorf("the log: %s", log)
			}
		})
	}
}
