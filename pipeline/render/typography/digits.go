package typography

// groupDigits sets the spaces inside thousands and telephone numbers. A
// number is a series of groups of digits parted by one blank each; nothing is
// grouped that was not typed in groups.
func (b *Block) groupDigits() {
	for i := 0; i < len(b.cells); i++ {
		if b.cells[i].kind&digit == 0 || !b.digit(i) {
			continue
		}
		groups := b.digitGroups(i)
		end := groups[len(groups)-1].end
		if len(groups) > 1 && b.groupMayBegin(i) {
			b.setGroups(groups)
		} else if len(groups) > 2 {
			b.setGroups(groups[1:])
		}
		i = end - 1
	}
}

// group is a run of digits.
type group struct{ start, end int }

func (g group) len() int { return g.end - g.start }

// digitGroups reads the groups from i.
func (b *Block) digitGroups(i int) []group {
	b.groups = b.groups[:0]
	for b.digit(i) {
		start := i
		for b.digit(i) {
			i++
		}
		b.groups = append(b.groups, group{start, i})
		if b.blank(i) {
			i++
		}
	}
	return b.groups
}

// groupMayBegin is false for digits that belong to a word, a decimal part, a
// date or a time.
func (b *Block) groupMayBegin(i int) bool {
	if oneOf(b.at(i-1), "/-") && b.groupEnds(i-2) {
		return true // 100 000-150 000
	}
	if oneOf(b.at(i-1), ".,:/-") {
		return !b.alnum(i - 2)
	}
	return b.hourAt(i-1) || !b.alnum(i-1) && !b.has(i-1, kept)
}

// groupEnds is true at the last digit of a number set in groups.
func (b *Block) groupEnds(i int) bool {
	if !b.digit(i) {
		return false
	}
	for b.digit(i) {
		i--
	}
	return isNoBreak(b.free(i)) && b.digit(i-1)
}

func (b *Block) setGroups(groups []group) {
	for len(groups) > 1 {
		n, space := b.phone(groups), b.rules.bond
		if n == 1 {
			n, space = b.thousands(groups), narrow
		}
		for _, g := range groups[1:n] {
			b.set(g.start-1, space)
		}
		groups = groups[n:]
	}
}

// thousands counts the groups of one number: up to three digits, then always
// three.
func (b *Block) thousands(groups []group) int {
	if groups[0].len() > 3 || b.cells[groups[0].start].r == '0' {
		return 1
	}
	n := 1
	for n < len(groups) && groups[n].len() == 3 {
		n++
	}
	if n < len(groups) && b.cells[groups[n].start].r == '0' {
		return 1 // an identifier: 732 829 320 00074
	}
	if b.runsIntoWord(groups[n-1].end) {
		n-- // 5 100m, 20 500x
	}
	return max(n, 1)
}

// runsIntoWord is true if a letter follows the digits that end before i, but
// for the h of hours.
func (b *Block) runsIntoWord(i int) bool {
	return b.letter(i) && !(b.free(i) == 'h' && b.hourGoesOn(i+1))
}

// phone counts the groups of a telephone number: national, 0 and nine or
// eight more digits, or international, + and at most 15 (ITU-T E.164).
func (b *Block) phone(groups []group) int {
	first := groups[0]
	switch {
	case b.at(first.start-1) == '+':
		return b.phoneGroups(groups, 8, 15)
	case b.trunkPrefixAt(first.start - len("(0)")):
		return b.phoneGroups(groups, 8, 10)
	}
	if n := b.americanPhone(groups); n > 1 {
		return n
	}
	if b.cells[first.start].r != '0' {
		return 1
	}
	if b.digit(first.start+1) && b.cells[first.start+1].r == '0' { // 00 is dialled for +
		return b.abroad(groups)
	}
	if first.len() == 1 && groups[1].len() != 3 { // 0 800 …
		return 1
	}
	return b.phoneGroups(groups, 9, 10)
}

// abroad counts the groups of 0041 22 345 67 89 and 00 33 1 23 45 67 89. No
// country's code has two digits and begins with 1.
func (b *Block) abroad(groups []group) int {
	if groups[0].len() > 2 {
		return b.phoneGroups(groups, 10, 17)
	}
	if code := groups[1]; code.len() > 1 && b.cells[code.start].r == '1' {
		return 1
	}
	if n := b.phoneGroups(groups[1:], 8, 15); n > 1 {
		return n + 1
	}
	return 1
}

// trunkPrefixAt is true at the (0) of +33 (0)1, which is not dialled from
// abroad.
func (b *Block) trunkPrefixAt(i int) bool { return b.reads(i, "(0)") && b.digit(i+3) }

// americanPhone counts the groups of 514 555-1234 and 1 800 555-1234.
func (b *Block) americanPhone(groups []group) int {
	n := 2
	if b.cells[groups[0].start].r == '1' && groups[0].len() == 1 {
		groups, n = groups[1:], 3
	}
	if len(groups) < 2 || groups[0].len() != 3 || groups[1].len() != 3 {
		return 1
	}
	end := groups[1].end
	if b.free(end) != '-' || !b.digit(end+1) || !b.threeDigitsAt(end+2) || b.alnum(end+5) {
		return 1
	}
	return n
}

// phoneGroups takes groups of two to four digits while they do not exceed
// most digits, and refuses them all if they are fewer than least.
func (b *Block) phoneGroups(groups []group, least, most int) int {
	n, digits := 1, groups[0].len()
	for n < len(groups) && groups[n].len() <= 4 && digits+groups[n].len() <= most {
		if groups[n].len() == 1 && n > 1 {
			break
		}
		digits += groups[n].len()
		n++
	}
	if digits < least || n < 3 || b.runsIntoWord(groups[n-1].end) {
		return 1
	}
	return n
}
