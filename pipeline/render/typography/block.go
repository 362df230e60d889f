package typography

import (
	"slices"
	"unicode/utf8"
)

// Piece is a part of a leaf's text once set.
type Piece struct {
	Leaf   int
	Text   string
	Raised bool // to be printed as a superscript where there are any
}

// Block is one block of text, put together from leaves (the text nodes of a
// syntax tree) and from what is not text between them.
type Block struct {
	rules *Rules
	cells []cell
	spare []cell  // what the next pass writes into
	sizes []int32 // cells per leaf, as read
	met   kind    // what there is in the block

	// Kept from one pass, and one block, to the next, to allocate less.
	stack  []pendingQuote
	groups []group
	buffer []byte
	pieces []Piece
	ends   []int
}

// cell is one character with the leaf it came from.
type cell struct {
	r     rune
	leaf  int32
	kind  kind
	marks flag
}

// flag is a set of facts the passes find out about a cell.
type flag uint16

const (
	kept      flag = 1 << iota // part of a token, escaped, or not text: no rule changes it
	inToken                    // of an address, a placeholder, an emoticon: it reads as a word
	closing                    // a bracket that closes one opened in the block
	opensPair                  // a quotation mark whose other half was found
	shutsPair
	tight     // a quotation mark that takes no space inside
	bindsNext // a dash held to what follows it
	bindsLast // a dash held to what goes before it
	raised
	edited
	gone // to be dropped by the next compact
)

const (
	foreign   = -1           // the leaf of what is not text
	object    = '\uFFFC'     // a code span, an image
	lineBreak = '\u2028'     // a line break the author asked for
	rawByte   = utf8.MaxRune // plus b, for a byte b that is not UTF-8
)

// Block returns an empty block.
func (r *Rules) Block() *Block { return &Block{rules: r} }

// Reset empties the block.
func (b *Block) Reset() {
	b.cells = b.cells[:0]
	b.sizes = b.sizes[:0]
	b.met = 0
}

// Text adds text. Leaves are numbered from 0, in the order they are added.
func (b *Block) Text(leaf int, s string) {
	n, met := len(b.cells), b.met
	cells := slices.Grow(b.cells, len(s))[:n+len(s)]
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				r = rawByte + 1 + rune(s[i])
			}
		}
		k := kindOf(r)
		met |= k
		cells[n] = cell{r: r, leaf: int32(leaf), kind: k}
		n++
		i += size
	}
	b.count(leaf, n-len(b.cells))
	b.cells, b.met = cells[:n], met
}

// Escaped adds a sign the author asked to have left alone.
func (b *Block) Escaped(leaf int, sign byte) {
	var f flag
	switch sign {
	case ';', ':', '!', '?', '"', '\'', '-', '.', '<', '>', '%', '$':
		f = kept
	}
	b.cells = append(b.cells, cell{r: rune(sign), leaf: int32(leaf), kind: kindOf(rune(sign)), marks: f})
	b.count(leaf, 1)
}

// Object adds something that reads as a word: a code span, an image.
func (b *Block) Object() { b.foreign(object, kept) }

// Note adds a footnote call, which a sign follows as it follows a bracket.
func (b *Block) Note() { b.foreign(object, kept|closing) }

// Break adds a line break the author asked for.
func (b *Block) Break() { b.foreign(lineBreak, kept) }

func (b *Block) foreign(r rune, f flag) {
	b.cells = append(b.cells, cell{r: r, leaf: foreign, kind: kindOf(r), marks: f})
}

func (b *Block) count(leaf, cells int) {
	for len(b.sizes) <= leaf {
		b.sizes = append(b.sizes, 0)
	}
	b.sizes[leaf] += int32(cells)
}

// Typeset applies the rules and returns, in order, the pieces of the leaves
// whose text changed. A leaf left empty has one empty piece. The pieces stand
// until the next Typeset.
func (b *Block) Typeset() []Piece {
	b.keepTokens()
	if b.met&run != 0 {
		b.contract()
	}
	if b.met&quote != 0 {
		b.pairQuotes()
	}
	if b.rules.single[0] != 0 {
		b.pairSingles()
	}
	if b.met&dash != 0 {
		b.contractHyphens()
	}
	b.setApostrophes()
	if b.rules.french && b.met&digit != 0 {
		b.groupDigits()
	}
	if b.rules.french && b.met&dash != 0 {
		b.bindDashes()
	}
	b.setSpaces()
	if b.rules.french && b.met&(digit|roman) != 0 {
		b.raiseOrdinals()
	}
	if b.rules.wide {
		b.widen()
	}
	return b.readPieces()
}

func (b *Block) widen() {
	for i := range b.cells {
		if b.cells[i].r == narrow {
			b.set(i, noBreak)
		}
	}
}

// readPieces cuts the leaves that changed into pieces. Their texts share one
// string.
func (b *Block) readPieces() []Piece {
	b.pieces, b.ends, b.buffer = b.pieces[:0], b.ends[:0], b.buffer[:0]
	cells := b.cells
	for leaf, size := range b.sizes {
		for len(cells) > 0 && cells[0].leaf == foreign {
			cells = cells[1:]
		}
		n, changed := 0, false
		for n < len(cells) && cells[n].leaf == int32(leaf) {
			changed = changed || cells[n].marks&(edited|raised) != 0
			n++
		}
		if changed || n != int(size) {
			b.cut(leaf, cells[:n])
		}
		cells = cells[n:]
	}
	text, start := string(b.buffer), 0
	for i, end := range b.ends {
		b.pieces[i].Text = text[start:end]
		start = end
	}
	return b.pieces
}

// cut adds the pieces of one leaf: a new one begins wherever raised and level
// characters meet.
func (b *Block) cut(leaf int, cells []cell) {
	text := b.buffer
	for first := true; first || len(cells) > 0; first = false {
		var level flag
		n := 0
		for n < len(cells) && (n == 0 || cells[n].marks&raised == level) {
			level = cells[n].marks & raised
			if r := cells[n].r; r < utf8.RuneSelf {
				text = append(text, byte(r))
			} else {
				text = appendRune(text, r)
			}
			n++
		}
		b.pieces = append(b.pieces, Piece{Leaf: leaf, Raised: level != 0})
		b.ends = append(b.ends, len(text))
		cells = cells[n:]
	}
	b.buffer = text
}

func appendRune(to []byte, r rune) []byte {
	switch {
	case r < utf8.RuneSelf:
		return append(to, byte(r))
	case r > rawByte:
		return append(to, byte(r-rawByte-1))
	}
	return utf8.AppendRune(to, r)
}

// compact drops the cells marked gone.
func (b *Block) compact() {
	n := 0
	for _, c := range b.cells {
		if c.marks&gone == 0 {
			b.cells[n] = c
			n++
		}
	}
	b.cells = b.cells[:n]
}

// set replaces the character at i.
func (b *Block) set(i int, r rune) {
	if b.cells[i].r != r {
		b.cells[i].r, b.cells[i].kind = r, kindOf(r)
		b.cells[i].marks |= edited
	}
}
