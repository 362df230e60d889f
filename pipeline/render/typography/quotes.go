package typography

import "strings"

// pendingQuote is a quotation mark waiting for its other half.
type pendingQuote struct {
	at       int
	straight bool
}

// pairQuotes turns pairs of straight quotation marks into the locale's, a
// pair inside a pair into its inner ones. Unpaired marks stay.
func (b *Block) pairQuotes() {
	if b.matchQuotes() {
		b.dressQuotes()
	}
}

// matchQuotes marks the halves of every pair, straight or typed as « », and
// says whether there is a straight one. Pairs do not cross: the end of one
// forgets what was opened inside it.
func (b *Block) matchQuotes() (found bool) {
	b.stack = b.stack[:0]
	straights := 0
	for i, c := range b.cells {
		if c.kind&quote == 0 || c.marks&kept != 0 {
			continue
		}
		switch c.r {
		case '«':
			b.stack = append(b.stack, pendingQuote{at: i})
		case '»':
			if len(b.stack) > straights {
				straights -= b.shut(i, false)
			}
		case '"':
			switch b.quoteRole(i, straights > 0) {
			case opensQuote:
				b.stack = append(b.stack, pendingQuote{at: i, straight: true})
				straights++
			case shutsQuote:
				straights -= b.shut(i, true)
				found = true
			}
		}
	}
	return found
}

// shut pairs the mark at i with the nearest opener of its sort, forgets those
// above it, and returns how many straight ones left the stack.
func (b *Block) shut(i int, straight bool) (straights int) {
	for {
		top := b.stack[len(b.stack)-1]
		b.stack = b.stack[:len(b.stack)-1]
		if top.straight {
			straights++
		}
		if top.straight != straight {
			continue
		}
		if b.skipBlanks(top.at+1, 1) < i {
			b.cells[top.at].marks |= opensPair
			b.cells[i].marks |= shutsPair
		}
		return straights
	}
}

type quoteRole int

const (
	noQuote quoteRole = iota
	opensQuote
	shutsQuote
)

// quoteRole says what the straight mark at i does, by what stands on both
// sides and whether another is open.
func (b *Block) quoteRole(i int, open bool) quoteRole {
	before, after := b.opensAfter(i-1), !b.spacedAfter(i)
	switch {
	case open && b.blank(i-1) && b.shutsBefore(i+1): // as in « Il dit " oui ", puis "
		return shutsQuote
	case before && after:
		return opensQuote
	case open:
		return shutsQuote
	case before: // between blanks, as in « Il dit " oui " »
		return opensQuote
	case b.digit(i - 1): // inches, seconds
		return noQuote
	case after && !b.alnum(i-1) && !b.closer(i-1) && b.alnum(i+1):
		return opensQuote
	}
	return noQuote
}

// opensAfter is true where a quotation mark after i opens rather than closes.
func (b *Block) opensAfter(i int) bool {
	if b.edge(i) || b.opener(i) {
		return true
	}
	r := b.free(i)
	switch {
	case r == '"':
		return len(b.stack) > 0 && b.stack[len(b.stack)-1].at == i
	case isApostrophe(r):
		return b.letter(i-1) && b.alnum(i+2)
	}
	return r == '/' || r == '=' || b.freely(i, dash)
}

// shutsBefore is true where a quotation mark before i closes whatever goes
// before it: no quotation begins with such a sign. An ellipsis may begin one.
func (b *Block) shutsBefore(i int) bool {
	if b.free(i) == '.' {
		return b.free(i+1) != '.'
	}
	return oneOf(b.free(i), ",;:!?)]")
}

// dressQuotes replaces the straight marks of the pairs found.
func (b *Block) dressQuotes() {
	depth := 0
	merged := false
	for i, c := range b.cells {
		switch {
		case c.marks&(opensPair|shutsPair) == 0:
		case c.marks&opensPair != 0:
			depth++
			b.dress(i, 0, depth)
		default:
			merged = b.dropDouble(i) || merged
			b.dress(i, 1, depth)
			depth--
		}
	}
	if merged {
		b.compact()
	}
}

func (b *Block) dress(i, half, depth int) {
	if b.cells[i].r != '"' {
		return
	}
	marks, guillemets := b.rules.outer, b.rules.guillemet != 0
	if depth > 1 {
		guillemets = guillemets && b.rules.inner == marks
		marks = b.rules.inner
	}
	b.set(i, marks[half])
	if !guillemets {
		b.cells[i].marks |= tight
	}
}

// dropDouble drops a closing mark right after the one of the pair inside it,
// when both would be guillemets: the Imprimerie nationale closes once.
func (b *Block) dropDouble(i int) bool {
	if b.rules.inner != b.rules.outer || b.cells[i].r != '"' {
		return false
	}
	last := b.skipBlanks(i-1, -1)
	if !b.has(last, shutsPair) || b.at(last) != b.rules.outer[1] {
		return false
	}
	b.cells[i].marks |= gone
	return true
}

// pairSingles turns pairs of ' ' into single quotation marks, in the locales
// that use them. What encloses one letter is an elision on both sides, rock
// 'n' roll.
func (b *Block) pairSingles() {
	open, depth := -1, 0
	for i, c := range b.cells {
		switch {
		case c.marks&opensPair != 0:
			open, depth = -1, depth+1
		case c.marks&shutsPair != 0:
			open, depth = -1, depth-1
		case c.r != '\'' || c.marks&kept != 0 || depth > 1:
		case (b.edge(i-1) || b.opener(i-1)) && b.letter(i+1):
			if !b.elisionAt(i) {
				open = i
			}
		case open >= 0 && !b.edge(i-1) && !b.alnum(i+1):
			if i-open > 2 {
				b.set(open, b.rules.single[0])
				b.set(i, b.rules.single[1])
			}
			open = -1
		}
	}
}

// elisionAt is true if the apostrophe at i stands for the beginning of a word,
// in English or German: 'tis, 'ne.
func (b *Block) elisionAt(i int) bool {
	word, _ := b.letters(i + 1)
	switch strings.ToLower(string(word)) {
	case "tis", "twas", "em", "til", "cause", "bout", "round", "n", "s", "ne", "nen":
		return true
	}
	return false
}
