package render_test

import (
	"regexp"
	"slices"
	"testing"
)

// An entry without section, below others that have one, is not of theirs: its
// heading is of the section's rank, below a line like a section's.
func TestEntryWithoutSectionStandsApart(t *testing.T) {
	t.Parallel()
	is := sample()
	is.Items[2].Versions[0].Section = ""
	d := document(t, newRenderer(t, config()), is, "fr")
	var got []string
	for _, m := range regexp.MustCompile(`class="(entry[a-z-]*|section)"|<(h[23]) class="title"`).FindAllStringSubmatch(d.HTML, -1) {
		got = append(got, m[1]+m[2])
	}
	if want := []string{"entry", "section", "h3", "entry", "section", "h3", "entry-apart", "h2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
