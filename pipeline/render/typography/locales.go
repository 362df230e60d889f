package typography

import (
	"strings"

	"golang.org/x/text/language"
)

// locale is what differs from one locale to the next. A zero space is no
// space at all: one that was typed goes.
type locale struct {
	outer, inner, single [2]rune // quotation marks; single is for ' ' typed inside " "

	openers, closers string // marks, brackets aside, that open and close

	guillemet rune // inside « »
	sign      rune // before ; ! ?
	colon     rune // before :
	bond      rune // between a number or a title and its word
	percents  string

	// french says whether the rules of French numbers, dashes, ellipses and
	// abbreviations hold, and whether a missing space is put in.
	french bool
}

func french() locale {
	return locale{
		outer: [2]rune{'«', '»'}, inner: [2]rune{'“', '”'},
		openers: "«“‘‹", closers: "»”›",
		guillemet: noBreak, sign: narrow, colon: noBreak, bond: noBreak,
		percents: "%‰€",
		french:   true,
	}
}

func canadianFrench() locale {
	l := french()
	l.sign = 0
	l.percents = "%‰€$"
	return l
}

func swissFrench() locale {
	l := french()
	l.guillemet, l.colon, l.bond = narrow, narrow, narrow
	return l
}

func english() locale {
	return locale{
		outer: [2]rune{'“', '”'}, inner: [2]rune{'‘', '’'}, single: [2]rune{'‘', '’'},
		openers: "“‘«", closers: "”»",
	}
}

func german() locale {
	return locale{
		outer: [2]rune{'„', '“'}, inner: [2]rune{'‚', '‘'}, single: [2]rune{'‚', '‘'},
		openers: "„‚»", closers: "“‘«",
	}
}

func localeOf(tag string) (l locale, ok bool) {
	t, err := language.Parse(tag)
	if err != nil {
		return locale{}, false
	}
	base, _ := t.Base()
	region, _ := t.Region()
	switch base.String() {
	case "fr":
		return frenchOf(region.String()), true
	case "en":
		return english(), true
	case "de":
		return german(), true
	}
	return locale{}, false
}

func frenchOf(region string) locale {
	switch region {
	case "CA":
		return canadianFrench()
	case "CH":
		return swissFrench()
	}
	return french()
}

func (l locale) isPercent(r rune) bool { return r != 0 && strings.ContainsRune(l.percents, r) }

// Direction is "rtl" for languages written from right to left, or else "ltr".
func Direction(lang string) string {
	script, _ := language.Make(lang).Script()
	switch script.String() {
	case "Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm":
		return "rtl"
	default:
		return "ltr"
	}
}
