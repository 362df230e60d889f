package typography

import "bytes"

// raiseOrdinals marks the endings of ordinals: 1er, 2e, XXIe. Roman ones are
// of I, V and X only, for Le, De and Me are words.
func (b *Block) raiseOrdinals() {
	for i := 0; i < len(b.cells); i++ {
		if b.cells[i].kind&(digit|roman) == 0 || !b.ordinalMayBegin(i) {
			continue
		}
		start, end := b.ordinalEnding(i)
		for j := start; j < end; j++ {
			b.cells[j].marks |= raised
		}
		if end > i {
			i = end - 1
		}
	}
}

func (b *Block) ordinalMayBegin(i int) bool {
	switch b.at(i - 1) {
	case '_', '#', '.', ',', ':', '/':
		return false
	}
	return !b.alnum(i-1) && !b.has(i-1, kept)
}

// ordinalEnding is where the ending of the ordinal at i begins and ends;
// nowhere if there is none.
func (b *Block) ordinalEnding(i int) (start, end int) {
	start = i
	for b.digit(start) {
		start++
	}
	if start == i {
		start = b.romanEnd(i)
	}
	if start == i {
		return i, i
	}
	one := start == i+1 && (b.at(i) == '1' || b.at(i) == 'I')
	two := start == i+1 && b.at(i) == '2'
	word, end := b.letters(start)
	switch string(word) {
	case "er", "ers", "re", "res":
		if !one {
			return end, end
		}
	case "nd", "nde", "nds", "ndes", "de":
		if !two {
			return end, end
		}
	case "e", "es":
	default:
		return end, end
	}
	if b.alnum(end) {
		return end, end
	}
	return start, end
}

// romanEnd is the end of the numeral at i, from I to XXXIX; i if there is none.
func (b *Block) romanEnd(i int) int {
	for n := 0; n < 3 && b.free(i) == 'X'; n++ {
		i++
	}
	switch {
	case b.free(i) == 'I' && (b.free(i+1) == 'X' || b.free(i+1) == 'V'):
		return i + 2
	case b.free(i) == 'V':
		i++
	}
	for n := 0; n < 3 && b.free(i) == 'I'; n++ {
		i++
	}
	return i
}

// romanAt is true if a whole word at i is a roman numeral.
func (b *Block) romanAt(i int) bool {
	end := b.romanEnd(i)
	return end > i && !b.alnum(end) && !isApostrophe(b.at(end))
}

// regnalAt is true if the word at i is the number of a king: XIV, Ier, never
// a lone I, which is English.
func (b *Block) regnalAt(i int) bool {
	if b.free(i) != 'I' || b.is(i+1, roman) {
		return b.romanAt(i)
	}
	word, end := b.letters(i)
	return !b.alnum(end) && (string(word) == "Ier" || string(word) == "Ire")
}

// ordinalEnds is true if an ordinal, of any spelling and in capitals or not,
// ends at i.
func (b *Block) ordinalEnds(i int) bool {
	word, before := b.lettersBefore(i)
	for _, ending := range []string{"ème", "ᵉʳ", "ᵉ", "er", "e"} {
		number, ok := bytes.CutSuffix(word, []byte(ending))
		if !ok {
			continue
		}
		if len(number) == 0 {
			return b.digit(before)
		}
		return isRomanWord(number) && !b.alnum(before)
	}
	return false
}

func isRomanWord(word []byte) bool {
	for _, c := range word {
		switch c {
		case 'i', 'v', 'x', 'I', 'V', 'X':
		default:
			return false
		}
	}
	return true
}
