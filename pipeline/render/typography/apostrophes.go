package typography

import "strings"

// setApostrophes curls the straight quotes that are apostrophes: after a
// letter (l'été), and before a letter or a digit after a blank or a dash ('n',
// '90-'95).
// After a digit they are feet or minutes and stay.
func (b *Block) setApostrophes() {
	for i, c := range b.cells {
		if c.r != '\'' || c.marks&kept != 0 {
			continue
		}
		begins := (b.edge(i-1) || b.opener(i-1) || b.freely(i-1, dash)) && b.alnum(i+1)
		if b.letter(i-1) || begins {
			b.set(i, '’')
		}
	}
}

// elides is true if the apostrophe at i ends an elided French word: l’, qu’.
func (b *Block) elides(i int) bool {
	if b.free(i) != '’' {
		return false
	}
	word, before := b.lettersBefore(i - 1)
	if b.alnum(before) {
		return false
	}
	switch strings.ToLower(string(word)) {
	case "c", "d", "j", "l", "m", "n", "s", "t", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu", "presqu":
		return true
	}
	return false
}
