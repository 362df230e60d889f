package render

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths that mail programs show whole, in characters.
const (
	maxSubject   = 60
	maxPreheader = 140
)

// subject is the title of the first entry, with the issue's number when there
// is room for it.
func (ed *edition) subject(title string) string {
	if ed.issue.Number > 0 {
		numbered := ed.words.T("issue.subject", "Title", title, "Number", ed.issue.Number)
		if length(numbered) <= maxSubject {
			return numbered
		}
	}
	return cut(title, maxSubject)
}

// preheader is the first entry's excerpt, then the titles of the others while
// there is room; for a lone entry without excerpt, its first words.
func preheader(blocks []block) string {
	parts := []string{blocks[0].excerpt.Text}
	for _, b := range blocks[1:] {
		parts = append(parts, b.Title.Text)
	}
	text := ""
	for _, p := range parts {
		joined := strings.TrimPrefix(text+" · "+p, " · ")
		if p == "" || text != "" && length(joined) > maxPreheader {
			continue
		}
		text = joined
	}
	if text == "" {
		text = blocks[0].Excerpt.Text
	}
	return cut(text, maxPreheader)
}

func length(s string) int { return utf8.RuneCountInString(s) }

// cut shortens a text to at most so many characters, at the end of a word.
func cut(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	end := most - 1
	for end > most/3 && runes[end] != ' ' {
		end--
	}
	if runes[end] != ' ' {
		end = most - 1
	}
	return strings.TrimRightFunc(string(runes[:end]), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(",;:–—-·«“(", r)
	}) + "…"
}
