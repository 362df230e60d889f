package schedule_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// racesVariable is how many slots processes race for; "make races" sets it.
const racesVariable = "INFOLETTRE_RACES"

// Two to eight processes at one slot make one issue, and every reader gets it
// once.
func TestRaces(t *testing.T) {
	races, _ := strconv.Atoi(os.Getenv(racesVariable))
	if races == 0 {
		races = 25
	}
	if testing.Short() {
		races = 3
	}
	const readers, most = 40, 8
	storetest.EachSource(t, func(t *testing.T, source string) {
		server := smtptest.Start(t, smtptest.Script{Brief: true})
		s, err := store.Open(t.Context(), source, true)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := addReaders(t.Context(), s, readers); err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		all := make([]*process, most)
		for i := range all {
			all[i] = startProcess(t, options{source: source, host: server.Host(), port: server.Port(), connections: 3,
				name: fmt.Sprint("p", i), folder: folder})
			all[i].expect(t, "ready")
			all[i].tick(t, monday)
			all[i].expect(t, "done")
		}
		for race := range races {
			// The first process is the worker of a file: it is always among them.
			racers := all[:2+race%(most-1)]
			for range 2 { // the second time, the worker finds what another has made
				for _, p := range racers {
					p.tick(t, slot(race))
				}
				for _, p := range racers {
					p.expect(t, "done")
				}
			}
			sent(t, s, race+1)
			tally, err := s.Tally(t.Context(), race+1)
			if diff := cmp.Diff(map[deliver.State]int{deliver.Accepted: readers}, tally); diff != "" || err != nil {
				t.Fatalf("issue %d: %v (-want +got):\n%s", race+1, err, diff)
			}
		}
		issues, err := s.Issues(t.Context())
		if err != nil || len(issues) != races {
			t.Errorf("%d issues of %d slots, %v", len(issues), races, err)
		}
		counts := server.Counts()
		for address, mails := range counts {
			if mails != races {
				t.Errorf("%s got %d mails, want %d", address, mails, races)
			}
		}
		if len(counts) != readers {
			t.Errorf("%d readers got a mail, want %d", len(counts), readers)
		}
	})
}
