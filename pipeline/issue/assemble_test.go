package issue

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/infolettre/infolettre/pipeline/content"
)

var languages = []string{"fr", "en"}

func entry(id, lang, date string) content.Entry {
	t, err := time.ParseInLocation("2006-01-02 15:04", date, paris)
	if err != nil {
		panic(err)
	}
	return content.Entry{ID: id, Path: id + "." + lang + ".md", Lang: lang, Date: t, Title: id, Hash: id + lang}
}

var paris = func() *time.Location {
	z, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	return z
}()

func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, paris)
	if err != nil {
		panic(err)
	}
	return t
}

func TestReasons(t *testing.T) {
	cal := calendar(t, "0 11 * * THU", "Europe/Paris")
	draft := entry("brouillon", "fr", "2026-11-17 10:00")
	draft.Draft = true
	translated := entry("bilingue", "en", "2026-11-18 10:00")
	unfinished := entry("bilingue", "fr", "2026-11-18 10:00")
	unfinished.Draft = true
	renamed := entry("nouveau-nom", "fr", "2026-11-11 10:00")
	renamed.Hash = "ancien-nomfr"
	copied := entry("copie", "fr", "2026-11-17 09:00")
	copied.Hash = "parufr"
	entries := []content.Entry{
		entry("dans", "fr", "2026-11-17 10:00"), entry("dans", "en", "2026-11-17 10:00"),
		entry("au-bord", "fr", "2026-11-12 11:00"),
		entry("a-l-heure", "fr", "2026-11-19 11:00"),
		entry("tardif", "fr", "2026-11-10 10:00"),
		entry("paru", "fr", "2026-11-10 10:00"),
		entry("ancien", "fr", "2026-10-01 10:00"),
		entry("plus-tard", "fr", "2026-12-01 10:00"),
		entry("allemand", "de", "2026-11-17 10:00"),
		draft, translated, unfinished, renamed, copied,
	}
	past := Past{
		Begin: at("2026-11-05 11:00"), Border: at("2026-11-12 11:00"), Number: 7,
		Sent:   map[string]int{"paru": 7, "ancien-nom": 6},
		Hashes: map[string]string{"parufr": "paru", "ancien-nomfr": "ancien-nom"},
	}
	w, due := cal.Due(past, time.Time{}, at("2026-11-19 12:00"))
	if !due || !w.From.Equal(past.Border) || !w.Slot.Equal(at("2026-11-19 11:00")) {
		t.Fatalf("window %v, due %v", w, due)
	}
	a := Assemble(Config{Languages: languages}, cal, past, w, entries)
	if a.Number != 8 {
		t.Errorf("number %d, want 8", a.Number)
	}
	want := map[string]Verdict{
		"dans": {Reason: InWindow}, "au-bord": {Reason: InWindow}, "bilingue": {Reason: InWindow}, "copie": {Reason: InWindow},
		"tardif": {Reason: Late}, "paru": {Reason: Sent, Number: 7}, "nouveau-nom": {Reason: Sent, Number: 6},
		"ancien": {Reason: TooOld}, "brouillon": {Reason: Draft}, "allemand": {Reason: Unread},
		"a-l-heure": {Reason: Later, Slot: at("2026-11-26 11:00")}, "plus-tard": {Reason: Later, Slot: at("2026-12-03 11:00")},
	}
	for _, v := range a.Verdicts {
		expected := want[v.Item.ID]
		if v.Reason != expected.Reason || v.Number != expected.Number || !v.Slot.Equal(expected.Slot) {
			t.Errorf("%s: got %s %d %s", v.Item.ID, v.Reason, v.Number, v.Slot)
		}
		delete(want, v.Item.ID)
	}
	if len(want) > 0 {
		t.Errorf("no verdict on %v", want)
	}
	for _, it := range a.Items {
		if it.ID == "bilingue" && (len(it.Versions) != 1 || it.Versions[0].Lang != "en") {
			t.Errorf("the draft version is in the issue: %+v", it)
		}
	}
}

func TestOrder(t *testing.T) {
	section := func(e content.Entry, s string) content.Entry { e.Section = s; return e }
	entries := []content.Entry{
		section(entry("e", "fr", "2026-11-18 10:00"), "Agenda"),
		section(entry("d", "fr", "2026-11-17 10:00"), "Imprévu"),
		section(entry("c", "fr", "2026-11-16 10:00"), "Éditorial"),
		section(entry("b", "fr", "2026-11-14 10:00"), "Agenda"),
		section(entry("a", "fr", "2026-11-15 10:00"), "Divers"),
		entry("z", "fr", "2026-11-18 11:00"),
	}
	cal := calendar(t, "0 11 * * THU", "Europe/Paris")
	w := Window{at("2026-11-12 11:00"), at("2026-11-19 11:00")}
	a := Assemble(Config{Languages: languages, Sections: []string{"Éditorial", "Agenda"}}, cal, Past{}, w, entries)
	got := ""
	for _, it := range a.Items {
		got += it.ID
	}
	if want := "cbeadz"; got != want {
		t.Errorf("order %q, want %q", got, want)
	}
}

func TestFirstIssue(t *testing.T) {
	cal := calendar(t, "0 11 * * THU", "Europe/Paris")
	now := at("2026-11-20 09:00")
	for _, test := range []struct {
		name  string
		past  Past
		first string
		want  Window
		due   bool
	}{
		{"one period", Past{}, "", Window{at("2026-11-12 11:00"), at("2026-11-19 11:00")}, true},
		{"since the first slot", Past{}, "2026-11-05 11:00", Window{at("2026-10-29 11:00"), at("2026-11-19 11:00")}, true},
		{"the first slot is to come", Past{}, "2026-12-03 11:00", Window{at("2026-11-26 11:00"), at("2026-12-03 11:00")}, false},
		{"as far back as asked", Past{Begin: at("2026-01-01 00:00")}, "", Window{at("2026-01-01 00:00"), at("2026-11-19 11:00")}, true},
		{"after an issue", Past{Begin: at("2026-01-01 00:00"), Border: at("2026-11-19 11:00"), Number: 3}, "", Window{at("2026-11-19 11:00"), at("2026-11-26 11:00")}, false},
		{"after a pause", Past{Begin: at("2026-01-01 00:00"), Border: at("2026-08-06 11:00"), Number: 3}, "", Window{at("2026-08-06 11:00"), at("2026-11-19 11:00")}, true},
	} {
		first := time.Time{}
		if test.first != "" {
			first = at(test.first)
		}
		w, due := cal.Due(test.past, first, now)
		if !due {
			w = cal.Coming(test.past, first, now)
		}
		if due != test.due || !w.From.Equal(test.want.From) || !w.Slot.Equal(test.want.Slot) {
			t.Errorf("%s: got %v, due %v", test.name, w, due)
		}
	}
}

// However the sends fall in time, and whenever entries are committed, every
// entry dated since the beginning is in exactly one issue.
func TestEachEntryInExactlyOneIssue(t *testing.T) {
	schedules := []string{"0 11 * * THU", "30 2 * * *", "0 * * * *", "0 9 1 * *", "0 8,20 * * 1-5"}
	rapid.Check(t, func(t *rapid.T) {
		cal, err := NewCalendar(rapid.SampledFrom(schedules).Draw(t, "schedule"), paris)
		if err != nil {
			t.Fatal(err)
		}
		c := Config{Languages: languages, MinEntries: rapid.IntRange(1, 3).Draw(t, "min")}
		begin := at("2026-03-20 00:00")
		minutes := rapid.IntRange(0, 60*24*60)
		type commit struct {
			content.Entry
			at time.Time
		}
		var commits []commit
		for i := range rapid.IntRange(0, 40).Draw(t, "entries") {
			date := begin.Add(time.Duration(minutes.Draw(t, "date")) * time.Minute)
			late := time.Duration(rapid.IntRange(-10*24*60, 10*24*60).Draw(t, "late")) * time.Minute
			id := fmt.Sprintf("e%02d", i)
			commits = append(commits, commit{content.Entry{ID: id, Lang: "fr", Date: date, Hash: id}, date.Add(late)})
		}
		var sends []time.Time
		for range rapid.IntRange(1, 40).Draw(t, "sends") {
			sends = append(sends, begin.Add(time.Duration(minutes.Draw(t, "send"))*time.Minute))
		}
		end := begin.AddDate(0, 6, 0) // by when all is sent, once enough entries wait
		sends = append(sends, end)
		slices.SortFunc(sends, time.Time.Compare)

		past, seen := Past{Begin: begin}, map[string]int{}
		for _, now := range sends {
			var entries []content.Entry
			for _, e := range commits {
				if !e.at.After(now) {
					entries = append(entries, e.Entry)
				}
			}
			w, due := cal.Due(past, time.Time{}, now)
			if !due {
				continue
			}
			a := Assemble(c, cal, past, w, entries)
			if a.Quiet(c) {
				continue
			}
			for _, it := range a.Items {
				seen[it.ID]++
				if !it.Date().Before(w.Slot) {
					t.Fatalf("%s, dated %s, is in the issue of %s", it.ID, it.Date(), w.Slot)
				}
			}
			past.Add(a.Issue)
		}
		left := 0
		for _, e := range commits {
			switch seen[e.ID] {
			case 0:
				left++
			case 1:
			default:
				t.Fatalf("%s is in %d issues", e.ID, seen[e.ID])
			}
		}
		if left >= c.MinEntries {
			t.Fatalf("%d entries in no issue", left)
		}
	})
}

// Without a ledger, the issues are those that sending at every slot makes.
func TestReplay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cal, err := NewCalendar("0 11 * * THU", paris)
		if err != nil {
			t.Fatal(err)
		}
		c := Config{Languages: languages, First: First{Number: 5}, MinEntries: rapid.IntRange(1, 2).Draw(t, "min")}
		first := at("2026-09-03 11:00")
		var entries []content.Entry
		for i := range rapid.IntRange(0, 30).Draw(t, "entries") {
			date := at("2026-08-20 00:00").Add(time.Duration(rapid.IntRange(0, 90*24*60).Draw(t, "date")) * time.Minute)
			id := strings.Repeat("x", i+1)
			entries = append(entries, content.Entry{ID: id, Lang: "fr", Date: date, Hash: id})
		}
		now := at("2026-11-20 09:00")
		want := Past{Begin: cal.Last(first.Add(-time.Second))}
		for slot := first; !slot.After(now); slot = cal.Next(slot) {
			w, due := cal.Due(want, first, slot)
			if !due {
				continue
			}
			if a := Assemble(c, cal, want, w, entries); !a.Quiet(c) {
				want.Add(a.Issue)
			}
		}
		got := Replay(c, cal, first, entries, now)
		if got.Number != want.Number || !got.Border.Equal(want.Border) || len(got.Sent) != len(want.Sent) {
			t.Fatalf("got N° %d, %d entries, until %s; want N° %d, %d, %s", got.Number, len(got.Sent), got.Border, want.Number, len(want.Sent), want.Border)
		}
		for id, n := range want.Sent {
			if got.Sent[id] != n {
				t.Fatalf("%s in N° %d, want %d", id, got.Sent[id], n)
			}
		}
	})
}
