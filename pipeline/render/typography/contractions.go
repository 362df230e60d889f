package typography

// contract makes one sign of those typed as several dots or chevrons.
func (b *Block) contract() {
	found := false
	var open []int
	for i := 0; i < len(b.cells); {
		if b.cells[i].kind&run == 0 || b.has(i, kept) {
			i++
			continue
		}
		r, n := b.cells[i].r, b.repeated(i)
		switch {
		case r == '.' && n >= 3:
			b.replaceRun(i, n, '…')
			found = true
		case r == '<' && n == 2 && b.rules.french && !b.alnum(i-1):
			open = append(open, i)
		case r == '>' && n == 2 && len(open) > 0 && !b.alnum(i+2):
			b.replaceRun(open[len(open)-1], 2, '«')
			b.replaceRun(i, 2, '»')
			open = open[:len(open)-1]
			found = true
		}
		i += n
	}
	if found {
		b.compact()
	}
}

// contractHyphens makes a dash of two or three hyphens between blanks or
// between letters. An option of a command, --yes, is neither. It comes after
// the quotation marks, for a guillemet brings its own blank.
func (b *Block) contractHyphens() {
	found := false
	for i := 0; i < len(b.cells); {
		if b.cells[i].kind&dash == 0 || b.free(i) != '-' {
			i++
			continue
		}
		n := b.repeated(i)
		apart := b.spacedBefore(i) && b.spacedAfter(i+n-1) && !(b.border(i-1) && b.border(i+n))
		if (n == 2 || n == 3) && (apart || b.letter(i-1) && b.letter(i+n)) {
			dash := '–'
			if n == 3 {
				dash = '—'
			}
			b.replaceRun(i, n, dash)
			found = true
		}
		i += n
	}
	if found {
		b.compact()
	}
}

// repeated counts how many times the character at i stands there.
func (b *Block) repeated(i int) int {
	n := 1
	for b.free(i+n) == b.cells[i].r {
		n++
	}
	return n
}

func (b *Block) replaceRun(i, n int, r rune) {
	b.set(i, r)
	for j := i + 1; j < i+n; j++ {
		b.cells[j].marks |= gone
	}
}

// spacedBefore is true where a blank stands, or will stand inside « ».
func (b *Block) spacedBefore(i int) bool {
	return b.edge(i-1) || b.rules.guillemet != 0 && b.free(i-1) == '«'
}

func (b *Block) spacedAfter(i int) bool {
	return b.edge(i+1) || b.rules.guillemet != 0 && b.free(i+1) == '»'
}
