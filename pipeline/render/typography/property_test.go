package typography

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// setups are every locale, and every option.
var setups = []string{
	"fr", "fr-CA", "fr-CH", "en", "de",
	"fr inner_quotes=guillemets", "fr narrow_space=nbsp", "fr-CH narrow_space=nbsp",
}

// letters is what no rule may change: the text without blanks and without
// the signs that rules exchange for one another.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune(`"'‘’‚“”„«»<>.…-–—`, r) {
			return -1
		}
		return r
	}, s)
}

func checkText(t interface{ Fatalf(string, ...any) }, rules *Rules, setup, input string) {
	once := rules.Text(input)
	if twice := rules.Text(once); twice != once {
		t.Fatalf("%s: set twice\n  in    %s\n  once  %s\n  twice %s",
			setup, visible.Replace(input), visible.Replace(once), visible.Replace(twice))
	}
	if letters(once) != letters(input) {
		t.Fatalf("%s: letters changed\n  in   %q\n  once %q", setup, input, once)
	}
	subject := rules.Subject(input)
	if twice := rules.Subject(subject); twice != subject {
		t.Fatalf("%s: Subject twice\n  in    %s\n  once  %s\n  twice %s",
			setup, visible.Replace(input), visible.Replace(subject), visible.Replace(twice))
	}
}

// atoms are what the rules look at; texts made of them meet the rules' corners
// far more often than texts of random letters.
var atoms = []string{
	" ", " ", " ", "  ", "\n", "\r\n", "\n\n", "\u00A0", "\u202F", "\u2009", ";", ":", "!", "?", "!?", ".", "...", "…", ",",
	`"`, `"`, `"`, "'", "’", "«", "»", "“", "”", "„", "‘", "‚", "<<", ">>", "(", ")", "[", "]", "{", "}",
	"-", " - ", "--", "---", "–", " – ", "—", " — ", "/", "%", "€", "$", "°", "_", "#", "+", "@", "&",
	"a", "B", "mot", "Mot", "l'", "l’", "qu'", "h", "m", "s", "km/h", "e", "er", "re", "I", "V", "XIV", "XXIe", "Ier",
	"1", "2", "9", "10", "12", "30", "000", "200", "2025", "01 23 45 67 89", "+33", "(0)", "514 555-1234", "3,5", "11h30", "9h", "5 m", "20 mars",
	"1er mars", "n°", "nº", "Ve s.", "'a b'", "'tis", "M.", "Mme", "p.", "art.", "Louis", "siècle", "million", "Yahoo!", "Yahoo", ":)", ";)", ":-(", ":(", ":tada:",
	"https://x.fr/a", "www.x.fr", "a@x.fr", "{{.Nom}}", "{{", "}}", "${a}", "\\", "é", "e\u0301", "\uFFFC", "\u2028", "\xff",
}

func TestTextIsIdempotentAndKeepsLetters(t *testing.T) {
	t.Parallel()
	text := rapid.SliceOfN(rapid.SampledFrom(atoms), 0, 24)
	for _, setup := range setups {
		rules := rulesFor(t, setup)
		rapid.Check(t, func(t *rapid.T) {
			checkText(t, rules, setup, strings.Join(text.Draw(t, "text"), ""))
		})
	}
}

func FuzzText(f *testing.F) {
	for i := range atoms {
		f.Add(strings.Join(atoms[i:min(i+9, len(atoms))], ""), i)
	}
	f.Fuzz(func(t *testing.T, input string, setup int) {
		name := setups[uint(setup)%uint(len(setups))]
		checkText(t, rulesFor(t, name), name, input)
	})
}
