package markdown

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// Leftover is Markdown that came to nothing: readers see its signs, or nothing
// at all of a note that no call leads to. ID is "leftover-link",
// "leftover-image", "leftover-reference", "leftover-note", "leftover-emphasis"
// or "note-unused".
type Leftover struct {
	ID   string
	Text string
	Line int
}

// leftovers are looked for in what was left as text, in this order; what one
// has found is hidden from the next.
var leftovers = []struct {
	id      string
	sign    string // without which there is none
	pattern *regexp.Regexp
}{
	{"leftover-image", "](", regexp.MustCompile(`!\[[^\[\]]*\]\([^()]*\)`)},
	{"leftover-link", "](", regexp.MustCompile(`\[[^\[\]]*\]\([^()]*\)`)},
	{"leftover-reference", "][", regexp.MustCompile(`\[[^\[\]^]+\]\[[^\[\]]*\]`)},
	{"leftover-note", "[^", regexp.MustCompile(`\[\^[^\[\]\s]+\]`)},
	{"leftover-emphasis", "**", regexp.MustCompile(`\*\*[^\s*][^*]*(?:\*\*)?|[^\s*]+\*\*`)},
}

var (
	escaped    = regexp.MustCompile(`\\[!-/:-@\[-` + "`" + `{-~]`)
	noteHeads  = regexp.MustCompile(`^ {0,3}\[\^([^\[\]\s]+)\]:`)
	objectSign = string(Object)
)

// leave looks for leftovers in the typed text of one line. What an author
// escaped is meant to be seen.
func (r *reading) leave(typed string, line int) {
	if !strings.ContainsAny(typed, "[*") {
		return
	}
	typed = escaped.ReplaceAllString(typed, objectSign)
	for _, l := range leftovers {
		if !strings.Contains(typed, l.sign) {
			continue
		}
		typed = l.pattern.ReplaceAllStringFunc(typed, func(found string) string {
			found = strings.ReplaceAll(found, objectSign, "…")
			r.out.Leftovers = append(r.out.Leftovers, Leftover{ID: l.id, Text: shorten(found, 60), Line: line})
			return objectSign
		})
	}
}

// noteBlock keeps which notes are called and which lines are no Markdown.
func (r *reading) noteBlock(n ast.Node) {
	switch n := n.(type) {
	case *east.Footnote:
		r.called[strings.ToLower(string(n.Ref))] = true
	case *ast.CodeBlock, *ast.FencedCodeBlock, *ast.HTMLBlock:
		for i := range n.Lines().Len() {
			r.verbatim[r.lineAt(n.Lines().At(i).Start)] = true
		}
	}
}

// unusedNotes finds the notes that no call leads to: goldmark leaves them out.
func (r *reading) unusedNotes() {
	if !strings.Contains(string(r.source), "[^") {
		return
	}
	number := 0
	for line := range strings.Lines(string(r.source)) {
		number++
		m := noteHeads.FindStringSubmatch(line)
		if m != nil && !r.verbatim[number] && !r.called[strings.ToLower(m[1])] {
			r.out.Leftovers = append(r.out.Leftovers, Leftover{ID: "note-unused", Text: "[^" + shorten(m[1], 40) + "]", Line: number})
		}
	}
}
