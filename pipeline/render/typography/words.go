package typography

import (
	"bytes"
	"strings"
	"unicode"
)

// bound says whether what stands on the two sides of a gap must not be parted
// at the end of a line. An empty gap is only ever filled around the h of
// hours and after n°.
func (b *Block) bound(left, right int) bool {
	if b.hourAt(left) {
		return b.minutesAt(right)
	}
	if b.trunkPrefixAt(right) {
		return right-left > 1 && b.digit(left)
	}
	if b.free(right) == 'h' && b.numberEnds(left) && b.hourGoesOn(right+1) {
		return true
	}
	if b.numeroEnds(left) {
		return b.digit(right) || right-left > 1 && b.letter(right) || unicode.IsUpper(b.free(right))
	}
	if right-left == 1 {
		return false
	}
	switch l, r := b.free(left), b.free(right); {
	case b.digit(left):
		return b.numberEnds(left) && b.countable(left, right)
	case unicode.IsUpper(r) && b.titleEnds(left):
		return true
	case l == '.':
		return b.referenceEnds(left) && (b.digit(right) || b.romanAt(right))
	case r == 's' || r == 'S':
		return b.centuryAt(left, right)
	case b.freely(right, roman):
		return b.regnalAt(right) && b.nameEnds(left)
	case l == 'r':
		return b.firstOfMonth(left, right)
	}
	return false
}

// numberEnds is true if a number ends at i. Digits of a word (PS5, COVID-19)
// are none; those after a hyphen are, if a number goes before it: 11h-12h.
func (b *Block) numberEnds(i int) bool {
	if !b.digit(i) {
		return false
	}
	i = b.beforeNumber(i)
	switch r := b.at(i); {
	case r == '-':
		return !b.letter(i-1) || b.hourAt(i-1) || b.firstEnds(i-1)
	case r == 'h':
		return b.hourAt(i) && b.minutesAt(i+1)
	case r == '_' || r == '#' || b.letter(i) || b.has(i, kept):
		return false
	}
	return true
}

// beforeNumber is the position ahead of the digits and decimal marks that end
// at i.
func (b *Block) beforeNumber(i int) int {
	for b.digit(i) || (b.free(i) == ',' || b.free(i) == '.') && b.digit(i-1) {
		i--
	}
	return i
}

// hourAt is true if the character at i is the h after a number of hours.
func (b *Block) hourAt(i int) bool {
	if b.free(i) != 'h' {
		return false
	}
	i = b.skipBlanks(i-1, -1)
	if !b.digit(i) {
		return false
	}
	for b.digit(i) {
		i--
	}
	return !b.letter(i)
}

// hourGoesOn is true if what follows an h at i-1 lets it be that of hours.
func (b *Block) hourGoesOn(i int) bool {
	return b.symbolEnds(i) || b.minutesAt(b.skipBlanks(i, 1))
}

// minutesAt is true if two digits at i are minutes.
func (b *Block) minutesAt(i int) bool {
	if !b.digit(i) || !b.digit(i+1) || b.free(i) > '5' || b.alnum(i+2) {
		return false
	}
	next := b.skipBlanks(i+2, 1)
	if b.free(next) == 'h' && !b.letter(next+1) {
		return false // hours themselves
	}
	return next == i+2 || !b.threeDigitsAt(next) // 30 000
}

func (b *Block) threeDigitsAt(i int) bool {
	return b.digit(i) && b.digit(i+1) && b.digit(i+2) && !b.digit(i+3)
}

// numeroEnds is true at the end of n° or n°s, with a degree sign or, as some
// keyboards have it, a masculine ordinal.
func (b *Block) numeroEnds(i int) bool {
	if b.free(i) == 's' {
		i--
	}
	return (b.free(i) == '°' || b.free(i) == 'º') && (b.free(i-1) == 'n' || b.free(i-1) == 'N') && !b.alnum(i-2)
}

// countable is true if the word at right is one that keeps to its number: a
// unit symbol, millions, a month.
func (b *Block) countable(left, right int) bool {
	if symbol, end := b.symbol(right); b.isUnit(symbol, end) {
		return true
	}
	word, end := b.letters(right)
	if b.alnum(end) {
		return false
	}
	switch string(word) {
	case "million", "millions", "milliard", "milliards":
		return true
	}
	return b.dayEnds(left) && isMonth(word)
}

// unitSymbols is the closed list. An ordinary word is never tied to a number,
// so no symbol that is one (a, t, bar) stands here.
var unitSymbols = symbols(`
	°C °F km hm m dm cm mm µm μm nm km/h m/s m² km² cm² mm² m³ cm³ ha
	kg g mg µg μg l L dl cl mL ml hl µL μL µl μl mol mmol ppm Wh kWh MWh GWh TWh W kW MW GW TW V kV mV A mA Ah mAh
	J kJ MJ kcal eV keV MeV Ω kΩ Hz kHz MHz GHz dB Pa hPa kPa N K lm lx
	h min mn s ms tr/min µs μs px pt dpi
	o ko Ko Mo Go To Po kB KB MB GB TB kbit/s Mbit/s Gbit/s ko/s Mo/s Go/s kb/s Mb/s Gb/s
	k€ M€ Md€ $ k$ M$ Md$ £ ¥`)

func symbols(list string) map[string]bool {
	set := map[string]bool{}
	for _, s := range strings.Fields(list) {
		set[s] = true
	}
	return set
}

// isUnit is true if the word that ends before end is a symbol, or begins with
// one ahead of a slash: km/jour. An exponent may be typed as a digit: m2.
func (b *Block) isUnit(word []byte, end int) bool {
	if unitSymbols[string(word)] {
		if word[len(word)-1] == 'm' && oneOf(b.free(end), "23") {
			end++
		}
		return b.symbolEnds(end)
	}
	slash := bytes.IndexByte(word, '/')
	return slash > 0 && unitSymbols[string(word[:slash])]
}

// symbolEnds is true if a symbol may end before i: at a blank, a sign, the
// end, never at an apostrophe (« 2025 s'ouvre »).
func (b *Block) symbolEnds(i int) bool {
	return !b.alnum(i) && !isApostrophe(b.at(i)) && !strings.ContainsRune("°€²³", b.at(i))
}

// dayEnds is true if the number that ends at i can be a day of the month.
func (b *Block) dayEnds(i int) bool {
	day := int(b.at(i) - '0')
	if b.digit(i - 1) {
		i--
		day += 10 * int(b.at(i)-'0')
	}
	return day >= 1 && day <= 31 && !b.digit(i-1) && b.free(i-1) != ',' && b.free(i-1) != '.'
}

func isMonth(word []byte) bool {
	switch strings.ToLower(string(word)) {
	case "janvier", "février", "mars", "avril", "mai", "juin",
		"juillet", "août", "septembre", "octobre", "novembre", "décembre",
		"janv", "févr", "avr", "juil", "sept", "oct", "nov", "déc":
		return true
	}
	return false
}

// firstEnds is true at the r of 1er.
func (b *Block) firstEnds(i int) bool {
	return b.reads(i-2, "1er") && !b.alnum(i-3)
}

// firstOfMonth is true between 1er and a month.
func (b *Block) firstOfMonth(left, right int) bool {
	if !b.firstEnds(left) {
		return false
	}
	word, end := b.letters(right)
	return !b.alnum(end) && isMonth(word)
}

// titleEnds is true at the end of M., Mme and their like.
func (b *Block) titleEnds(i int) bool {
	stop := b.free(i) == '.'
	if stop {
		i--
	}
	word, before := b.lettersBefore(i)
	if b.alnum(before) || b.at(before) == '.' {
		return false
	}
	switch string(word) {
	case "M", "MM":
		return stop
	case "Mme", "Mmes", "Mlle", "Mlles", "Dr", "Me", "Mgr":
		return !stop
	}
	return false
}

// referenceEnds is true at the full stop of p., art., chap. or fig.
func (b *Block) referenceEnds(i int) bool {
	word, before := b.lettersBefore(i - 1)
	if b.alnum(before) {
		return false
	}
	switch strings.ToLower(string(word)) {
	case "p", "pp", "art", "chap", "fig":
		return true
	}
	return false
}

// centuryAt is true between an ordinal and siècle, or s.
func (b *Block) centuryAt(left, right int) bool {
	word, end := b.letters(right)
	if b.alnum(end) {
		return false
	}
	switch strings.ToLower(string(word)) {
	case "siècle", "siècles":
		return b.ordinalEnds(left)
	case "s":
		return b.free(end) == '.' && b.ordinalEnds(left)
	}
	return false
}

// nameEnds is true at the end of a capitalized word of three letters or more
// that is none of those a sentence begins with.
func (b *Block) nameEnds(i int) bool {
	word, before := b.lettersBefore(i)
	if i-before < 3 || b.alnum(before) || !unicode.IsUpper(b.at(before+1)) {
		return false
	}
	switch strings.ToLower(string(word)) {
	case "les", "des", "aux", "une", "ces", "ses", "mes", "tes", "nos", "vos", "cet", "cette", "son", "mon", "ton",
		"leur", "leurs", "notre", "votre", "sur", "sous", "par", "pour", "dans", "avec", "sans", "vers", "chez", "dès",
		"mais", "car", "donc", "puis", "ainsi", "entre", "depuis", "avant", "après", "pendant", "jusqu", "selon", "comme", "quand", "que", "qui", "dont":
		return false
	}
	return true
}
