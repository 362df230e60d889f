package render_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	samples "github.com/infolettre/infolettre/content"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
)

func BenchmarkDocument(b *testing.B) {
	words, err := catalogue()
	if err != nil {
		b.Fatal(err)
	}
	r, err := render.New(config(), words, render.NewAssets(nil))
	if err != nil {
		b.Fatal(err)
	}
	iss := sample()
	iss.Items[1].Versions[0].Image.Src = ""
	iss.Items[1].Versions[0].Body = strings.Repeat("Quel vent ! Il \"souffle\" à 90 km/h, dit-on, sur la *dune* du 1er port.\n\n", 150)
	for b.Loop() {
		if _, _, err := r.Document(iss, "fr"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkIssue makes the documents of an issue of ten entries, of 4 KB each
// in both of its languages: mail, page and text, twice.
func BenchmarkIssue(b *testing.B) {
	words, err := catalogue()
	if err != nil {
		b.Fatal(err)
	}
	r, err := render.New(config(), words, render.NewAssets(samples.FS))
	if err != nil {
		b.Fatal(err)
	}
	iss := tenEntries(b)
	b.ReportAllocs()
	for b.Loop() {
		for _, locale := range []string{"fr", "en"} {
			if _, _, err := r.Document(iss, locale); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// tenEntries is an issue made of the samples' texts.
func tenEntries(b *testing.B) issue.Issue {
	b.Helper()
	entries, _, err := content.Load(samples.FS, content.Options{Languages: []string{"fr", "en"}})
	if err != nil {
		b.Fatal(err)
	}
	iss := issue.Issue{Number: 3, Slot: time.Date(2026, 11, 19, 11, 30, 0, 0, paris())}
	for i := range 10 {
		id := fmt.Sprintf("billet-%d", i)
		item := issue.Item{ID: id}
		for _, lang := range []string{"fr", "en"} {
			item.Versions = append(item.Versions, longEntry(entries, id, lang, i))
		}
		iss.Items = append(iss.Items, item)
	}
	return iss
}

// longEntry is the sample at a place among those of a language, followed by
// the paragraphs of the next ones until there are 4 KB.
func longEntry(entries []content.Entry, id, lang string, place int) content.Entry {
	var own []content.Entry
	for _, e := range entries {
		if e.Lang == lang {
			own = append(own, e)
		}
	}
	e := own[place%len(own)]
	e.ID, e.Path, e.Slug = id, id+"."+lang+".md", id
	const size = 4_000
	for next := place + 1; len(e.Body) < size; next++ {
		for paragraph := range strings.SplitSeq(own[next%len(own)].Body, "\n\n") {
			if len(e.Body) < size {
				e.Body += "\n\n" + paragraph
			}
		}
	}
	return e
}
