package typography

import "unicode"

// bindDashes marks the side on which a dash between blanks is held: a pair
// inwards, inside one sentence, no semicolon between; a lone dash, or that of a
// dialogue, forwards. Hyphens count in pairs only, no colon between them either,
// and become dashes. Two signs that both begin a line are no pair: they open
// turns of a dialogue, or items of a list.
func (b *Block) bindDashes() {
	var open pendingDashes
	open.reset()
	depth := 0
	for i, c := range b.cells {
		switch {
		case c.r == ';' && c.marks&kept == 0 && b.edge(i+1):
			open.reset() // – budget ; – travaux ; – école
		case c.r == ':' && c.marks&kept == 0 && b.edge(i+1):
			open.hyphen.at = -1 // Lyon - Lille : 2-1
		case c.kind&(dash|stop|mark) == 0 || c.marks&kept != 0:
		case c.kind&dash != 0:
			b.bindDash(i, depth, &open)
		case c.kind&stop != 0:
			if b.sentenceEnds(i) {
				open.reset()
			}
		case b.opener(i):
			depth++
		case b.closer(i):
			depth--
			open.leave(depth)
		}
	}
}

// pendingDashes are the dashes that may yet find their other half.
type pendingDashes struct {
	hyphen, en, em pendingDash
	turns          bool // the block is a dialogue
}

// pendingDash is a position, -1 for none, and how many brackets were open.
type pendingDash struct{ at, depth int }

func (p *pendingDashes) reset() {
	p.hyphen.at, p.en.at, p.em.at = -1, -1, -1
}

// leave forgets the dashes opened inside the bracket that closed.
func (p *pendingDashes) leave(depth int) {
	for _, d := range []*pendingDash{&p.hyphen, &p.en, &p.em} {
		if d.depth > depth {
			d.at = -1
		}
	}
}

func (b *Block) bindDash(i, depth int, open *pendingDashes) {
	begins := b.beginsLine(i)
	open.turns = open.turns || begins && b.border(b.skipBlanks(i-1, -1))
	if begins && open.turns || b.dialogue(i) {
		if b.cells[i].r != '-' {
			b.cells[i].marks |= bindsNext
			open.reset()
		}
		return
	}
	switch b.cells[i].r {
	case '-':
		if b.looseHyphen(i) && open.en.at < 0 {
			b.bindPair(i, depth, &open.hyphen)
		}
	case '–':
		open.hyphen.at = -1
		b.bindPair(i, depth, &open.en)
	case '—':
		b.bindPair(i, depth, &open.em)
	}
}

// bindPair pairs the dash at i with the one pending, or makes it pending.
func (b *Block) bindPair(i, depth int, open *pendingDash) {
	if open.at >= 0 && open.depth == depth && b.shutsDash(i) && !(b.beginsLine(i) && b.beginsLine(open.at)) {
		b.bindBoth(open.at, i)
		open.at = -1
		return
	}
	if !b.opensDash(i) {
		return
	}
	if b.cells[i].r != '-' {
		b.cells[i].marks |= bindsNext
	}
	*open = pendingDash{i, depth}
}

func (b *Block) bindBoth(first, last int) {
	if b.cells[first].r == '-' {
		if b.betweenDigits(first) && b.betweenDigits(last) {
			return // an arithmetic: 10 - 3 - 2
		}
		b.set(first, '–')
		b.set(last, '–')
	}
	b.cells[first].marks |= bindsNext
	b.cells[last].marks |= bindsLast
}

// opensDash is true for a dash that may open: blanks around it, or a bracket
// before, and a word rather than a sign after.
func (b *Block) opensDash(i int) bool {
	next := b.skipBlanks(i+1, 1)
	return (b.spacedBefore(i) || b.opener(i-1)) && b.blank(i+1) && !b.border(next) && !b.stops(next) && !b.closer(next)
}

// shutsDash is true for a dash that may close: a blank before it, a blank or
// a sign after.
func (b *Block) shutsDash(i int) bool {
	return b.blank(i-1) && (b.edge(i+1) || b.stops(i+1) || b.closer(i+1))
}

// looseHyphen is true for a hyphen between blanks, before anything but a sign.
func (b *Block) looseHyphen(i int) bool {
	return b.spacedBefore(i) && b.spacedAfter(i) && !b.beginsLine(i) && !b.border(i+1) && !b.stops(b.skipBlanks(i+1, 1))
}

// beginsLine is true for what nothing but blanks goes before on its line.
func (b *Block) beginsLine(i int) bool {
	for i--; b.blank(i); i-- {
		if b.at(i) == '\n' {
			return true
		}
	}
	return b.border(i)
}

func (b *Block) stops(i int) bool {
	return oneOf(b.at(i), ".,;:!?") || b.at(i) == '…'
}

func (b *Block) betweenDigits(i int) bool {
	return b.digit(b.skipBlanks(i-1, -1)) && b.digit(b.skipBlanks(i+1, 1))
}

// dialogue is true for the dash that begins a line, a quotation, or, before a
// capital, a new turn: « — Oui ! — Non ! »
func (b *Block) dialogue(i int) bool {
	last := b.skipBlanks(i-1, -1)
	if b.border(last) || b.free(last) == '«' {
		return b.blank(i + 1)
	}
	if last == i-1 || !b.blank(i+1) || !unicode.IsUpper(b.at(b.skipBlanks(i+1, 1))) {
		return false
	}
	return b.is(last, stop)
}

// sentenceEnds is true if the sign at i ends a sentence: a blank and a
// capital follow, closing and opening marks aside.
func (b *Block) sentenceEnds(i int) bool {
	if b.at(i) == '.' && b.abbreviates(i) {
		return false
	}
	j := i + 1
	for b.closer(j) || b.free(b.skipBlanks(j, 1)) == '»' {
		j = b.skipBlanks(j, 1) + 1
	}
	if !b.blank(j) {
		return false
	}
	j = b.skipBlanks(j, 1)
	for b.opener(j) {
		j = b.skipBlanks(j+1, 1)
	}
	return unicode.IsUpper(b.at(j))
}

// abbreviates is true if the full stop at i belongs to an initial or a title.
func (b *Block) abbreviates(i int) bool {
	word, before := b.lettersBefore(i - 1)
	initial := i-1-before == 1 && unicode.IsUpper(b.at(i-1))
	return initial || string(word) == "MM"
}
