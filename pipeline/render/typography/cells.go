package typography

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is a set of classes of characters, so that a pass over a block looks
// twice only at what concerns it.
type kind uint16

const (
	space kind = 1 << iota
	letter
	digit
	roman // I V X
	sign  // ; ! ?
	stop  // . ! ? …
	dash  // - – —
	run   // . < > which mean something else in a row
	quote // " « »
	mark  // quotation marks and brackets
	eager // takes a space even where none was typed

	// The small letters between which nearly all blanks stand, but for those
	// that some rule of spaces looks for on that side: 1er, 9 h, XXe s.
	idleBefore // a blank, but for the s of n°s
	idleAfter
)

var asciiKinds = asciiTable()

func asciiTable() (table [utf8.RuneSelf]kind) {
	set := func(chars string, k kind) {
		for _, c := range chars {
			table[c] |= k
		}
	}
	set("\t\n\v\f\r ", space)
	set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", letter)
	set("0123456789", digit)
	set("IVX", roman)
	set(";!?", sign)
	set(".!?", stop)
	set(".<>", run)
	set("-", dash)
	set(`"`, quote)
	set(`"()[]{}`, mark)
	set(";!?:%$h", eager)
	set("abcdefgijklmnopqrtuvwxyz", idleAfter)
	set("abcdefgijklmnopqstuvwxyz,", idleBefore)
	return table
}

func kindOf(r rune) kind {
	if r < utf8.RuneSelf {
		return asciiKinds[r]
	}
	return wideKind(r)
}

func wideKind(r rune) kind {
	switch r {
	case '…':
		return stop
	case '–', '—':
		return dash
	case '«', '»':
		return quote | mark | eager
	case '“', '”', '„', '‘', '’', '‚', '‹', '›':
		return mark
	case '‰', '€', '°', 'º':
		return eager
	case object:
		return letter
	}
	switch {
	case unicode.IsLower(r):
		return letter | idleBefore | idleAfter
	case unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r):
		return letter
	case unicode.IsSpace(r):
		return space
	}
	return 0
}

// What the rules ask about the characters of a block. Every question may be
// asked of a position outside it.

// at is the character at i, or 0 outside the block.
func (b *Block) at(i int) rune {
	if uint(i) >= uint(len(b.cells)) {
		return 0
	}
	return b.cells[i].r
}

// free is the character at i if rules may change it, or else 0.
func (b *Block) free(i int) rune {
	if uint(i) >= uint(len(b.cells)) || b.cells[i].marks&kept != 0 {
		return 0
	}
	return b.cells[i].r
}

func (b *Block) has(i int, f flag) bool {
	return uint(i) < uint(len(b.cells)) && b.cells[i].marks&f != 0
}

// is tells whether the character at i is of one of the kinds.
func (b *Block) is(i int, k kind) bool {
	return uint(i) < uint(len(b.cells)) && b.cells[i].kind&k != 0
}

// freely is is for characters that rules may change.
func (b *Block) freely(i int, k kind) bool {
	return b.is(i, k) && b.cells[i].marks&kept == 0
}

// border is true outside the block and at a line break the author asked for.
func (b *Block) border(i int) bool {
	return uint(i) >= uint(len(b.cells)) || b.cells[i].leaf == foreign && b.cells[i].r == lineBreak
}

func (b *Block) blank(i int) bool { return b.freely(i, space) }

// edge is true at a blank and at a border.
func (b *Block) edge(i int) bool { return b.blank(i) || b.border(i) }

// skipBlanks is the first position from i that is not blank, going by step.
func (b *Block) skipBlanks(i, step int) int {
	for b.blank(i) {
		i += step
	}
	return i
}

func (b *Block) letter(i int) bool { return b.is(i, letter) }

func (b *Block) digit(i int) bool { return b.freely(i, digit) }

// alnum is true at a letter or a digit, those of tokens included.
func (b *Block) alnum(i int) bool { return b.is(i, letter|digit) }

// opener is true at an opening bracket or quotation mark.
func (b *Block) opener(i int) bool {
	return b.freely(i, mark) && (oneOf(b.at(i), "([{") || strings.ContainsRune(b.rules.openers, b.at(i)))
}

// closer is true at a closing bracket or quotation mark, and at a footnote
// call. A bracket closes only what is open in the block.
func (b *Block) closer(i int) bool {
	return b.has(i, closing) || b.freely(i, mark) && strings.ContainsRune(b.rules.closers, b.at(i))
}

// oneOf is true if r is one of the ASCII signs.
func oneOf(r rune, signs string) bool {
	return r > 0 && r < utf8.RuneSelf && strings.IndexByte(signs, byte(r)) >= 0
}

func isNoBreak(r rune) bool { return r == noBreak || r == narrow }

func isApostrophe(r rune) bool { return r == '\'' || r == '’' }

// longest is how many characters of a word the rules read: more than any
// word they know has.
const longest = 24

// letters reads the letters from i into the block's buffer.
func (b *Block) letters(i int) (word []byte, end int) {
	return b.readWord(i, "")
}

// symbol is letters, with the signs that unit symbols are made of.
func (b *Block) symbol(i int) (word []byte, end int) {
	return b.readWord(i, "/°$€£¥²³")
}

func (b *Block) readWord(i int, signs string) (word []byte, end int) {
	word = b.buffer[:0]
	for end = i; end-i < longest; end++ {
		r := b.free(end)
		if r == 0 || !b.is(end, letter) && !strings.ContainsRune(signs, r) {
			break
		}
		word = appendRune(word, r)
	}
	b.buffer = word
	return word, end
}

// lettersBefore reads the letters that end at i into the block's buffer;
// before is the position ahead of them.
func (b *Block) lettersBefore(i int) (word []byte, before int) {
	before = i
	for i-before < longest && b.freely(before, letter) {
		before--
	}
	word = b.buffer[:0]
	for _, c := range b.cells[before+1 : i+1] {
		word = appendRune(word, c.r)
	}
	b.buffer = word
	return word, before
}
