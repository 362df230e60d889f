package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/deliver"
)

// Where nobody watches, a long send says now and then where it is, in the
// operator's language.
func TestProgressWithoutTerminal(t *testing.T) {
	var said bytes.Buffer
	a, err := newApp([]string{"--lang", "fr"}, nil, nil, nil, &said)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 19, 11, 0, 0, 0, time.UTC)
	a.now = func() time.Time { return now }
	p := a.progress(12, 100)
	for range 40 {
		now = now.Add(time.Second / 2)
		p.outcome(deliver.Outcome{State: deliver.Accepted})
	}
	p.finish()
	want := "infolettre: n° 12 : 20 acceptés ; restent à envoyer : 80 ; par seconde : 2 ; minutes encore : 1\n" +
		"infolettre: n° 12 : 40 acceptés ; restent à envoyer : 60 ; par seconde : 2 ; minutes encore : 1\n"
	if got := strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(said.String()); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
