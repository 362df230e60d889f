package typography

import (
	"os"
	"strings"
	"testing"
)

func TestNew(t *testing.T) {
	t.Parallel()
	tests := []struct {
		tag  string
		want string // "Oui !" as the locale sets it; "" for one without rules
	}{
		{"fr", "Oui\u202f!"},
		{"fr-BE", "Oui\u202f!"},
		{"FR-lu", "Oui\u202f!"},
		{"fr_CA", "Oui!"},
		{"fr-Latn-CH", "Oui\u202f!"},
		{"en-US", "Oui!"},
		{"de-AT", "Oui!"},
		{"es", ""},
		{"", ""},
		{"français", ""},
	}
	for _, test := range tests {
		rules, ok := New(test.tag, Options{})
		if ok != (test.want != "") {
			t.Errorf("New(%q) = %v", test.tag, ok)
		}
		if ok && rules.Text("Oui !") != test.want {
			t.Errorf("%s: Text = %q, want %q", test.tag, rules.Text("Oui !"), test.want)
		}
	}
}

func TestNilRulesLeaveTextAlone(t *testing.T) {
	t.Parallel()
	var rules *Rules
	const s = `L'un "&" l'autre !`
	if got := rules.Text(s); got != s {
		t.Errorf("Text = %q", got)
	}
	if got := rules.Subject(s); got != s {
		t.Errorf("Subject = %q", got)
	}
	if got, want := rules.HTML(s), "L&#39;un &#34;&amp;&#34; l&#39;autre !"; got != want {
		t.Errorf("HTML = %q, want %q", got, want)
	}
}

func TestHTMLRaisesOrdinals(t *testing.T) {
	t.Parallel()
	rules := rulesFor(t, "fr")
	tests := []struct{ input, want string }{
		{"Le 1er mars", "Le 1<sup>er</sup>␣mars"},
		{"La 1re, la 2e et les 3es", "La 1<sup>re</sup>, la 2<sup>e</sup> et les 3<sup>es</sup>"},
		{"La 2de et le 2nd", "La 2<sup>de</sup> et le 2<sup>nd</sup>"},
		{"Le XXIe siècle, la Ve République", "Le XXI<sup>e</sup>␣siècle, la V<sup>e</sup> République"},
		{"François Ier & R < D", "François␣I<sup>er</sup> &amp; R &lt; D"},
		{"Le, De, Me, Ce : des mots", "Le, De, Me, Ce␣: des mots"},
		{"Le 4x4e, la v2e, le 21er, #12e, 1,2e", "Le 4x4e, la v2e, le 21er, #12e, 1,2e"},
		{"2ème et 1ère ne sont pas à nous", "2ème et 1ère ne sont pas à nous"},
		{"Vie et Xérès, IIIIe, VXe", "Vie et Xérès, IIIIe, VXe"},
		{"Rien\n\nLe 1er", "Rien\n\nLe 1<sup>er</sup>"},
	}
	for _, test := range tests {
		if got, want := rules.HTML(test.input), invisible.Replace(test.want); got != want {
			t.Errorf("HTML(%q)\n  got  %s\n  want %s", test.input, visible.Replace(got), visible.Replace(want))
		}
	}
}

func TestDirection(t *testing.T) {
	for lang, want := range map[string]string{
		"fr": "ltr", "ja": "ltr", "": "ltr", "ar": "rtl", "he": "rtl", "fa-IR": "rtl", "ff": "ltr", "ff-Adlm": "rtl",
	} {
		if got := Direction(lang); got != want {
			t.Errorf("%q: %s", lang, got)
		}
	}
}

func TestOptionsValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		options Options
		want    string
	}{
		{Options{}, ""},
		{Options{InnerQuotes: Curly, NarrowSpace: ThinSpace}, ""},
		{Options{InnerQuotes: Guillemets, NarrowSpace: WideSpace}, ""},
		{Options{InnerQuotes: "double"}, "inner_quotes: double cannot work"},
		{Options{NarrowSpace: "thin"}, "narrow_space: thin cannot work"},
	}
	for _, test := range tests {
		got := ""
		if err := test.options.Validate(); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%+v: %q, want %q", test.options, got, test.want)
		}
	}
}

// TestBlock sets a text that several leaves hold, with things between them
// that are no text.
func TestBlock(t *testing.T) {
	t.Parallel()
	b := rulesFor(t, "fr").Block()
	b.Text(0, "Voir ")
	b.Object()
	b.Text(1, "! Vraiment")
	b.Escaped(1, '!')
	b.Text(2, "  ")
	b.Break()
	b.Text(3, "Intact")
	b.Text(4, " ?")
	b.Note()
	b.Text(5, ": le 1er")
	want := []Piece{
		{Leaf: 1, Text: "\u202f! Vraiment!"},
		{Leaf: 4, Text: "\u202f?"},
		{Leaf: 5, Text: "\u00a0: le 1"},
		{Leaf: 5, Text: "er", Raised: true},
	}
	got := b.Typeset()
	if len(got) != len(want) {
		t.Fatalf("%d pieces %+v, want %+v", len(got), got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("piece %d = %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestEmptiedLeafHasAnEmptyPiece(t *testing.T) {
	t.Parallel()
	b := rulesFor(t, "fr").Block()
	b.Text(0, "non")
	b.Text(1, " ")
	b.Text(2, "…")
	got := b.Typeset()
	if want := (Piece{Leaf: 1}); len(got) != 1 || got[0] != want {
		t.Errorf("pieces = %+v, want one, %+v", got, want)
	}
}

// TestHostileTextIsRead sets 256 KiB of what would make a search start again
// at each sign; FuzzText and BenchmarkHostile say more.
func TestHostileTextIsRead(t *testing.T) {
	t.Parallel()
	rules := rulesFor(t, "fr")
	for _, unit := range hostile {
		s := strings.Repeat(unit, 256<<10/len(unit))
		if once := rules.Text(s); letters(once) != letters(s) {
			t.Errorf("%q repeated: letters changed", unit)
		}
	}
}

var hostile = []string{`"a`, `" `, "« ", "» ", " - ", " – ", "--", "(", ")", "! ", ": ", ". ", ".)", "1 ", "1h ", "30 h ",
	"{{", "${", "<<", "<< >>", "a@", "a://", ":a", "'", "!'", "…", "   ", "XI ", "n°", "1,", "Yahoo!", "…!", " …!", "\n- ", "\n– ", "\n \r", "'a", "(0)1 "}

// BenchmarkHostile shows that the time of each grows as its length: compare
// the two sizes.
func BenchmarkHostile(b *testing.B) {
	rules, _ := New("fr", Options{})
	for _, unit := range hostile {
		for _, size := range []int{64 << 10, 256 << 10} {
			s := strings.Repeat(unit, size/len(unit))
			b.Run(unit, func(b *testing.B) {
				b.SetBytes(int64(len(s)))
				for b.Loop() {
					rules.Text(s)
				}
			})
		}
	}
}

func BenchmarkText(b *testing.B) {
	entry, err := os.ReadFile("testdata/bench/entry.txt")
	if err != nil {
		b.Fatal(err)
	}
	s := strings.Repeat(string(entry), 1+20_000/len(entry))[:20_000]
	rules, _ := New("fr", Options{})
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		rules.Text(s)
	}
}
