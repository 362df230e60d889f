package markdown

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/pipeline/render/typography"
)

// An outline is what was typed, with or without typography, where it was typed.
func TestOutline(t *testing.T) {
	t.Parallel()
	const source = "# Un \"titre\" !\n\nUn [lien *fort*](a.md?x=1&amp;y) et `du code`...\nsuite : <https://example.org>\n\n" +
		"- ![Un \"phare\"](b.png)\n\n> Quote \"this\"\n{lang=en}\n\n    coeur\n\n| A | B |\n|---|---|\n| c | d |\n\n<b>html</b>[^1]\n\n[^1]: Note.\n"
	want := Outline{
		Links: []LinkRef{{"lien fort", "a.md?x=1&y", 3}, {"https://example.org", "https://example.org", 4}},
		Images: []ImageRef{
			{`Un "phare"`, "b.png", 6},
		},
		Headings: []HeadingRef{{`Un "titre" !`, 1, 1}},
		Texts: []TextRef{
			{`Un "titre" !`, "", 1}, {"Un lien fort et \uFFFC...", "", 3}, {"suite : \uFFFC", "", 4},
			{"\uFFFC", "", 6}, {`Un "phare"`, "", 6}, {`Quote "this"`, "en", 8},
			{"A", "", 13}, {"B", "", 13}, {"c", "", 15}, {"d", "", 15},
			{"\uFFFChtml\uFFFC\uFFFC", "", 17}, {"Note.", "", 19},
		},
	}
	got, err := ReadOutline(source)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("alone: want (-), got (+):\n%s", diff)
	}
	rules, _ := typography.New("fr", typography.Options{})
	fragment, err := New(Options{Typography: rules, Outline: true}).Convert(source)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, fragment.Outline); diff != "" {
		t.Errorf("beside a fragment: want (-), got (+):\n%s", diff)
	}
	if _, err := ReadOutline(strings.Repeat("a\n", maxSource)); err == nil {
		t.Error("no limit")
	}
}
