package markdown

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// wrap breaks text at blanks into lines of at most most columns, and at its
// line feeds. A word longer than a line stands alone on it: a broken URL is
// no URL, and no-break spaces do not break.
func wrap(text string, most int, emit func(line string)) {
	for paragraph := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		paragraph = spaced(paragraph)
		start, used := 0, 0 // of the line
		for at := 0; at < len(paragraph); {
			end := len(paragraph)
			if i := strings.IndexByte(paragraph[at:], ' '); i >= 0 {
				end = at + i
			}
			size := columns(paragraph[at:end])
			if start < at && used+1+size > most {
				emit(paragraph[start : at-1])
				start, used = at, 0
			}
			if start < at || misleads(paragraph[at:]) {
				used++ // the space before the word, or the one that line will set it off with
			}
			used += size
			at = end + 1
		}
		emit(paragraph[start:])
	}
}

// columns is the width of a text in a fixed-pitch font: two for wide East
// Asian characters and emoji, none for combining marks and joiners.
func columns(s string) int {
	n := 0
	for _, r := range s {
		// Latin letters and the punctuation of Latin scripts, without looking them up.
		if r < 0x300 || 0x2010 <= r && r <= 0x2027 || r == 0x202F {
			n++
		} else {
			n += runeColumns(r)
		}
	}
	return n
}

func runeColumns(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	default:
		return 1
	}
}
