package render_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
)

func TestSlots(t *testing.T) {
	t.Parallel()
	d := document(t, newRenderer(t, config()), sample(), "fr")
	marks := regexp.MustCompile(`slot-[0-9a-f]{16}-[a-z]+`)
	for _, test := range []struct {
		name, part string
		want       []render.Slot
	}{
		{"HTML", d.HTML, render.Slots()},
		{"text", d.Text, render.Slots()},
		{"web", d.Web, []render.Slot{render.Base}},
		{"subject", d.Subject + d.Preheader, nil},
	} {
		found := map[string]bool{}
		for _, m := range marks.FindAllString(test.part, -1) {
			found[m] = true
		}
		for _, s := range test.want {
			if !found[d.Mark(s)] {
				t.Errorf("%s lacks the slot %s", test.name, s)
			}
			delete(found, d.Mark(s))
		}
		for m := range found {
			t.Errorf("%s has the slot %s", test.name, m)
		}
	}
	if filled := d.Fill(d.HTML+d.Text, values); marks.MatchString(filled) {
		t.Error("a slot was not filled")
	}
	partly := d.Fill(d.Text, map[render.Slot]string{render.Base: "https://a.example"})
	if !strings.Contains(partly, "https://a.example/u/"+d.Mark(render.Unsubscribe)) {
		t.Error("a slot without value did not stay")
	}
}

// An author who copies a mark out of a sent mail gets the text, not a token.
func TestMarksCannotBeTyped(t *testing.T) {
	t.Parallel()
	r := newRenderer(t, config())
	iss := sample()
	sent := document(t, r, iss, "fr")
	iss.Items[0].Versions[0].Body += "\n\nCopié : " + sent.Mark(render.Unsubscribe)
	got := document(t, r, iss, "fr")
	if got.Key == sent.Key {
		t.Fatal("another text, the same key")
	}
	if !strings.Contains(got.Fill(got.Text, values), sent.Mark(render.Unsubscribe)) {
		t.Error("the copied mark was taken for a slot")
	}
	if english := document(t, r, iss, "en"); english.Key == got.Key {
		t.Error("two locales share a key")
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	long := func(n int) issue.Issue {
		iss := issue.Issue{Number: 3, Slot: time.Date(2026, 3, 5, 11, 0, 0, 0, time.UTC)}
		for i := range n {
			id := fmt.Sprintf("billet-%d", i+1)
			iss.Items = append(iss.Items, issue.Item{ID: id, Versions: []content.Entry{{
				ID: id, Path: id + ".md", Lang: "fr", Slug: id, Title: fmt.Sprintf("Billet %d", i+1),
				Body: strings.Repeat("Le vent tourne et la dune avance.\n\n", 60),
			}}})
		}
		return iss
	}
	for _, test := range []struct {
		entries, budget int
		full            int // 0: some, but not all
	}{
		{1, 90_000, 1},
		{5, 90_000, 5},
		{12, 90_000, 0},
		{5, 2_000, 1},
		{60, 90_000, 0},
	} {
		c := config()
		c.Budget = test.budget
		d, problems, err := newRenderer(t, c).Document(long(test.entries), "fr")
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%d entries, %d bytes", test.entries, test.budget)
		if d.Full+d.Summarized != test.entries {
			t.Errorf("%s: %d in full and %d summarized", name, d.Full, d.Summarized)
		}
		if test.full > 0 && d.Full != test.full || test.full == 0 && (d.Full < 1 || d.Summarized == 0) {
			t.Errorf("%s: %d in full, want %d", name, d.Full, test.full)
		}
		size := len(d.Fill(d.HTML, values))
		if fits := size <= test.budget; fits == has(problems, "issue-too-large") {
			t.Errorf("%s: %d bytes, and problems %v", name, size, problems)
		}
		for _, p := range problems {
			if size := (size + 999) / 1000; p.Args["Size"].(int) < size || p.Args["Limit"] != test.budget/1000 || p.Args["Key"] != "newsletter.budget" {
				t.Errorf("%s: %v for %d kB", name, p.Args, size)
			}
		}
		text := strings.ReplaceAll(d.Text, "\u00a0", " ")
		for i := range test.entries {
			link := fmt.Sprintf("Lire en ligne : Billet %d<", i+1)
			if got, want := strings.Contains(strings.ReplaceAll(d.HTML, "\u00a0", " "), link), i >= d.Full; got != want {
				t.Errorf("%s: entry %d, link to the whole: %v, want %v", name, i+1, got, want)
			}
			if !strings.Contains(text, fmt.Sprintf("Billet %d\n", i+1)) {
				t.Errorf("%s: the text lacks entry %d", name, i+1)
			}
		}
		if got := strings.Count(d.Web, "la dune avance"); got < 60*test.entries {
			t.Errorf("%s: the page is cut too", name)
		}
	}
}

// A larger budget holds more, and no number of entries is passed over.
func TestBudgetIsUsed(t *testing.T) {
	t.Parallel()
	iss := issue.Issue{Number: 3, Slot: time.Date(2026, 3, 5, 11, 0, 0, 0, time.UTC)}
	const entries = 5
	for i := range entries {
		id := fmt.Sprint("b", i)
		iss.Items = append(iss.Items, issue.Item{ID: id, Versions: []content.Entry{{ID: id, Path: id, Lang: "fr", Title: id, Body: strings.Repeat("Vent. ", 500)}}})
	}
	last := 0
	for budget := 15_000; last < entries; budget += 1_500 {
		c := config()
		c.Budget = budget
		full := document(t, newRenderer(t, c), iss, "fr").Full
		if last > 0 && (full < last || full > last+1) {
			t.Errorf("%d bytes hold %d entries, a little less held %d", budget, full, last)
		}
		last = full
	}
}

func has(problems []content.Problem, id string) bool {
	for _, p := range problems {
		if p.ID == id {
			return true
		}
	}
	return false
}

// The entries' shares are most of the mail, and a summary weighs little.
func TestShares(t *testing.T) {
	t.Parallel()
	tight := config()
	tight.Budget = 14_000
	r := newRenderer(t, tight)
	d := document(t, r, sample(), "fr")
	shares, err := r.Shares(sample(), d)
	if err != nil {
		t.Fatal(err)
	}
	total, whole := 0, 0
	for i, s := range shares {
		if want := sample().Items[i].Versions[0].Path; s.Path != want {
			t.Errorf("share %d is of %s, want %s", i, s.Path, want)
		}
		total += s.Bytes
		if s.Full {
			whole++
		}
	}
	if len(shares) != 3 || whole != d.Full || d.Summarized == 0 {
		t.Errorf("%d shares, %d of them whole; the document has %d and %d summarized", len(shares), whole, d.Full, d.Summarized)
	}
	if most := len(d.Fill(d.HTML, values)) + 3*120*4; total < 2000 || total > most {
		t.Errorf("the shares add up to %d bytes of %d", total, most)
	}
}
