package typography

import "strings"

// asTyped is the answer of a rule that leaves a gap alone.
const asTyped = -1

// setSpaces asks, for every gap between two characters, empty or of several
// blanks, which single space belongs there: 0 is none.
func (b *Block) setSpaces() {
	out := b.spare[:0]
	copied := 0 // cells already in out
	for right := 1; right < len(b.cells); right++ {
		left := right - 1
		if b.cells[right].kind&space == 0 && (b.cells[left].kind|b.cells[right].kind)&eager == 0 {
			continue
		}
		right = b.skipBlanks(right, 1)
		if b.is(left, idleBefore) && b.is(right, idleAfter) && !b.numeroEnds(left) {
			continue
		}
		s := b.spaceBetween(left, right)
		if s == asTyped || b.stands(left, right, s) {
			continue
		}
		out = append(out, b.cells[copied:left+1]...)
		if s != 0 {
			out = append(out, cell{r: s, leaf: b.gapLeaf(left, right), kind: space, marks: edited})
		}
		copied = right
	}
	if copied > 0 {
		out = append(out, b.cells[copied:]...)
		b.cells, b.spare = out, b.cells
	}
}

// stands is true if the gap needs no change to hold the one space.
func (b *Block) stands(left, right int, space rune) bool {
	if space == 0 {
		// The blanks around an unpaired straight mark tell which half it is.
		return right-left == 1 || b.free(left) == '"'
	}
	return right-left == 2 && b.at(left+1) == space
}

// gapLeaf is the leaf a gap belongs to: that of its first blank, or of the
// sign that asks for it.
func (b *Block) gapLeaf(left, right int) int32 {
	if right-left > 1 {
		return b.cells[left+1].leaf
	}
	if b.freely(right, eager) && b.free(left) != '«' {
		return b.cells[right].leaf
	}
	return b.cells[left].leaf
}

// spaceBetween is the space that belongs between two characters. The first
// rule that has an answer wins.
func (b *Block) spaceBetween(left, right int) rune {
	if b.border(left) || b.border(right) {
		return asTyped
	}
	if space, ok := b.spaceInQuotes(left, right); ok {
		return space
	}
	if space := b.spaceBeforeSign(left, right); space != asTyped || !b.rules.french {
		return space
	}
	typed := right-left > 1
	switch r := b.free(right); {
	case (r == '«' || r == '“') && b.elides(left):
		return 0
	case b.is(right, eager) && b.rules.isPercent(r):
		return b.spaceBeforePercent(left, right)
	case typed && (b.has(left, bindsNext) || b.has(right, bindsLast)):
		return b.bond(left, right)
	case r == '…' && b.free(left) != ':' && b.free(left) != ';':
		return 0
	case b.bound(left, right):
		return b.bond(left, right)
	}
	return asTyped
}

// spaceInQuotes is the space inside « », and inside the other marks made of
// straight ones.
func (b *Block) spaceInQuotes(left, right int) (space rune, ok bool) {
	switch {
	case b.rules.guillemet != 0 && (b.free(left) == '«' || b.free(right) == '»'):
		return b.rules.guillemet, true
	case b.has(left, tight) && b.has(left, opensPair), b.has(right, tight) && b.has(right, shutsPair):
		return 0, true
	}
	return 0, false
}

func (b *Block) spaceBeforeSign(left, right int) rune {
	switch r := b.free(right); {
	case b.freely(right, sign):
		return b.spaceBeforeRun(left, right)
	case r == ':':
		return b.spaceBeforeColon(left, right)
	}
	return asTyped
}

// bond is the space that holds two words together. One the author typed as a
// no-break space, of either width, is right already.
func (b *Block) bond(left, right int) rune {
	if right-left == 2 && isNoBreak(b.at(left+1)) {
		return asTyped
	}
	return b.rules.bond
}

// spaceBeforeRun is the space before ; ! ?, which go in runs.
func (b *Block) spaceBeforeRun(left, right int) rune {
	typed := right-left > 1
	if b.freely(left, sign) && !typed {
		return asTyped // inside a run
	}
	end := right + 1
	for b.freely(end, sign) {
		end++
	}
	if !b.follows(end) {
		return asTyped
	}
	switch {
	case b.freely(left, sign), b.opener(left) && !b.intervalEnds(left): // « ? ! » and « (!) »
		return 0
	case !typed && !b.endsWord(left):
		return asTyped
	}
	return b.rules.sign
}

// intervalEnds is true at the bracket that ends [0 ; 1[ and opens nothing.
func (b *Block) intervalEnds(i int) bool {
	return b.free(i) == '[' && !b.edge(i-1) && !b.opener(i-1)
}

// spaceBeforeColon is the space before a colon. A missing one is put in after
// a letter only, and before a blank only: 16:9, std::x and clé:valeur stay.
func (b *Block) spaceBeforeColon(left, right int) rune {
	typed := right-left > 1
	switch {
	case !b.follows(right + 1), b.opener(left) && !b.intervalEnds(left):
		return asTyped
	case !typed && (!b.spacedAfter(right) || b.digit(left) || !b.endsWord(left)):
		return asTyped
	}
	return b.rules.colon
}

// follows is the one test of punctuation: a sign counts if a blank, the end
// of the block or a closing mark comes at i, after it. It protects addresses,
// times, ratios and code.
func (b *Block) follows(i int) bool {
	for isApostrophe(b.free(i)) || b.free(i) == '…' {
		i++
	}
	if b.free(i) == '"' && !b.alnum(i+1) {
		return true // it closes what an earlier block opened
	}
	return b.edge(i) || b.closer(i)
}

// endsWord is true at a letter, a digit, a closing mark, the end of a token,
// and what ends a number or a sentence left open: 50%! Quoi…?
func (b *Block) endsWord(i int) bool {
	if b.free(i) == '…' {
		i = b.skipBlanks(i-1, -1)
	}
	return b.alnum(i) || b.closer(i) || b.has(i, inToken) || strings.ContainsRune("%‰€°²³", b.free(i))
}

func (b *Block) spaceBeforePercent(left, right int) rune {
	euros := b.at(right) == '€' && right-left > 1 && b.letter(left) // milliards €
	if !b.numberEnds(left) && !euros || b.alnum(right+1) {
		return asTyped
	}
	return b.rules.bond
}
