package typography

import (
	"strings"
	"unicode/utf8"
)

// keepTokens marks what must stay byte for byte, and the brackets that close
// one opened before: "1) non !)" closes nothing.
func (b *Block) keepTokens() {
	var brackets, unclosed [3]int // brackets open so far; placeholders never closed
	for i := 0; i < len(b.cells); i++ {
		c := b.cells[i]
		if c.kind&(space|digit|letter) != 0 && c.r != 'w' || c.marks&kept != 0 {
			continue
		}
		start, end := b.token(i, &unclosed)
		for j := start; j < end; j++ {
			b.cells[j].marks = b.cells[j].marks&^closing | kept | inToken
		}
		if start < end {
			i = end - 1
		} else if c.kind&mark != 0 {
			b.countBracket(i, &brackets)
		}
	}
}

// token is where the token with its first sign at i begins and ends; nowhere
// if there is none.
func (b *Block) token(i int, unclosed *[3]int) (start, end int) {
	switch b.cells[i].r {
	case ':':
		start, end = b.colonToken(i)
	case ';':
		start, end = i, b.emoticon(i)
	case '@':
		start, end = b.email(i)
	case 'w':
		start, end = i, b.bareURL(i)
	case '{', '$':
		start, end = i, b.placeholder(i, unclosed)
	}
	if start < end {
		return start, end
	}
	return b.name(i)
}

func (b *Block) countBracket(i int, open *[3]int) {
	r := b.cells[i].r
	if r >= utf8.RuneSelf {
		return
	}
	if k := strings.IndexByte("([{", byte(r)); k >= 0 {
		open[k]++
	} else if k := strings.IndexByte(")]}", byte(r)); k >= 0 && open[k] > 0 {
		open[k]--
		b.cells[i].marks |= closing
	}
}

// colonToken is the address, shortcode or emoticon whose first colon is at i.
func (b *Block) colonToken(i int) (start, end int) {
	if b.free(i+1) == '/' && b.free(i+2) == '/' {
		if start = b.scheme(i); start < i {
			return start, b.urlEnd(i + 3)
		}
	}
	if end = b.shortcode(i); end > i {
		return i, end
	}
	return i, b.emoticon(i)
}

// scheme is where the URL scheme that ends before i begins (RFC 3986, 3.1).
func (b *Block) scheme(i int) int {
	start := i
	for j := i - 1; b.ascii(j, "+.-"); j-- {
		if b.letter(j) {
			start = j
		}
	}
	return start
}

// ascii is true at an ASCII letter or digit, or one of the other signs.
func (b *Block) ascii(i int, others string) bool {
	r := b.free(i)
	return r > 0 && r < utf8.RuneSelf && (b.is(i, letter|digit) || strings.IndexByte(others, byte(r)) >= 0)
}

func (b *Block) bareURL(i int) int {
	if b.alnum(i-1) || b.free(i+1) != 'w' || b.free(i+2) != 'w' || b.free(i+3) != '.' || !b.alnum(i+4) {
		return i
	}
	return b.urlEnd(i + 4)
}

// urlEnd is the end of the address whose path goes on from i. Punctuation at
// its end is the sentence's, as is a bracket it does not open.
func (b *Block) urlEnd(i int) int {
	depth := 0
	for ; i < len(b.cells); i++ {
		r := b.free(i)
		if r == 0 || b.is(i, space) || strings.ContainsRune(`"<>«»“”„…`, r) {
			break
		}
		if r == ')' && depth == 0 {
			break
		}
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
	}
	for oneOf(b.at(i-1), ".,;:!?'") || b.at(i-1) == '’' {
		i--
	}
	return i
}

// email is the address around the at sign at i, or nothing.
func (b *Block) email(i int) (start, end int) {
	start, end = i, i+1
	for b.ascii(start-1, ".!#$%&'*+/=?^_`{|}~-") && b.free(start-1) != '!' && b.free(start-1) != '?' {
		start--
	}
	for start < i && !b.ascii(start, "_+") {
		start++
	}
	dots := 0
	for ; b.ascii(end, ".-"); end++ {
		if b.free(end) == '.' {
			dots++
		}
	}
	for end > i && oneOf(b.free(end-1), ".-") {
		if b.free(end-1) == '.' {
			dots--
		}
		end--
	}
	if start == i || end == i+1 || dots < 1 {
		return i, i
	}
	return start, end
}

// placeholders are their opening and closing signs.
var placeholders = [3][2]string{{"{{", "}}"}, {"{%", "%}"}, {"${", "}"}}

// placeholder is the end of the placeholder that begins at i. A sort that the
// rest of the block never closes is noted in unclosed, so that a block of
// braces is not searched again and again.
func (b *Block) placeholder(i int, unclosed *[3]int) int {
	for k, signs := range placeholders {
		if unclosed[k] > 0 || !b.reads(i, signs[0]) {
			continue
		}
		for j := i + len(signs[0]); j < len(b.cells); j++ {
			if b.reads(j, signs[1]) {
				return j + len(signs[1])
			}
		}
		unclosed[k]++
	}
	return i
}

// reads is true if the ASCII signs stand at i.
func (b *Block) reads(i int, signs string) bool {
	for k := range len(signs) {
		if b.free(i+k) != rune(signs[k]) {
			return false
		}
	}
	return true
}

// shortcode is the end of the :name: that begins at i.
func (b *Block) shortcode(i int) int {
	if b.alnum(i - 1) {
		return i
	}
	j := i + 1
	for b.ascii(j, "_+-") {
		j++
	}
	if j == i+1 || b.free(j) != ':' || b.alnum(j+1) {
		return i
	}
	return j + 1
}

// emoticon is the end of the :) or ;-( that begins at i, after a blank. Those
// whose mouth is no bracket need no keeping: what follows their eyes is not a
// blank. A no-break space was put there for punctuation, so no emoticon
// follows it, unless it is the one of « or of a dash.
func (b *Block) emoticon(i int) int {
	if !b.emoticonMayBegin(i) {
		return i
	}
	j := i + 1
	if oneOf(b.free(j), "-o'") {
		j++
	}
	switch b.free(j) {
	case ')':
		return j + 1
	case '(', '[', ']':
		if b.spacedAfter(j) || b.stops(j+1) || oneOf(b.free(j+1), `">`) {
			return j + 1
		}
	}
	return i
}

func (b *Block) emoticonMayBegin(i int) bool {
	if isNoBreak(b.free(i - 1)) {
		last := b.skipBlanks(i-1, -1)
		return b.freely(last, quote|dash) || b.free(last) == '<'
	}
	return b.edge(i-1) || strings.ContainsRune(`'"«»“”„‚‘’<>`, b.free(i-1))
}

// name is the configured name whose first sign is at i.
func (b *Block) name(i int) (start, end int) {
	for _, name := range b.rules.names {
		if b.cells[i].r != name.text[name.sign] {
			continue
		}
		start = i - name.sign
		end = start + len(name.text)
		if !b.alnum(start-1) && !b.alnum(end) && b.spells(start, name.text) {
			return start, end
		}
	}
	return i, i
}

func (b *Block) spells(i int, text []rune) bool {
	for k, r := range text {
		if b.free(i+k) != r {
			return false
		}
	}
	return true
}
