package markdown

import (
	"bytes"
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// document is a parsed entry with everything both parts must agree on:
// where links lead, which level a heading has, what deserves a remark.
type document struct {
	root    ast.Node
	source  []byte
	options *Options

	lineStarts []int
	targets    map[ast.Node]Target // of links and images that were accepted
	levels     map[ast.Node]int    // of headings
	resolved   map[destination]resolution

	findings []Finding
	links    []LinkRef
	images   []ImageRef
	headings []HeadingRef
	outline  []int // the author's levels of the headings that enclose the current place
}

// destination is the key under which a resolution is remembered: a long
// destination used by thousands of reference links is worked out once.
type destination struct {
	kind Kind
	raw  string
}

type resolution struct {
	target  Target
	host    string
	finding *Finding
}

// maxFindings bounds the list for an entry that is wrong all over; whoever
// mends a hundred reads the entry again.
const maxFindings = 100

// read walks a parsed source once and notes what the renderers need, beside
// what was found in parsing it.
func read(root ast.Node, source []byte, found []Finding, o *Options) *document {
	d := &document{
		root: root, source: source, options: o,
		lineStarts: lineStarts(source),
		targets:    map[ast.Node]Target{},
		levels:     map[ast.Node]int{},
		resolved:   map[destination]resolution{},
		findings:   found,
	}
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		d.note(n)
		if n.Kind() == ast.KindImage { // its children are its alt text
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
	slices.SortStableFunc(d.findings, func(a, b Finding) int { return a.Line - b.Line })
	return d
}

func (d *document) note(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		d.noteHeading(n)
	case *ast.Link:
		d.noteLink(n)
	case *ast.AutoLink:
		d.noteAutoLink(n)
	case *ast.Image:
		d.noteImage(n)
	case *ast.RawHTML:
		d.noteHTML(n, string(n.Segments.Value(d.source)))
	case *ast.HTMLBlock:
		raw := string(n.Lines().Value(d.source))
		if n.HasClosure() {
			raw += string(n.ClosureLine.Value(d.source))
		}
		d.noteHTML(n, raw)
	case *east.Table:
		d.noteTable(n)
	}
}

// noteHeading gives a heading the level just below the heading that encloses
// it, so that no level is skipped whatever the author wrote. A heading
// without words gets none.
func (d *document) noteHeading(n *ast.Heading) {
	text := plain(n, d.source)
	if text == "" {
		d.find(n, "heading-empty")
		return
	}
	if above := len(d.outline) - 1; above >= 0 && n.Level > d.outline[above]+1 {
		d.find(n, "heading-skipped", "Level", n.Level, "Above", d.outline[above])
	}
	for len(d.outline) > 0 && d.outline[len(d.outline)-1] >= n.Level {
		d.outline = d.outline[:len(d.outline)-1]
	}
	level := min(d.options.TopHeading+len(d.outline), 6)
	d.outline = append(d.outline, n.Level)
	d.levels[n] = level
	d.headings = append(d.headings, HeadingRef{Text: text, Level: level, Line: d.line(n)})
}

// noteHTML reports raw HTML, which is left out, and the words that go with it:
// a block that any tag opens runs to the next blank line (CommonMark 4.6).
// Comments say nothing to readers, and closing tags are reported with their
// opening one.
func (d *document) noteHTML(n ast.Node, raw string) {
	raw = strings.TrimSpace(comments.ReplaceAllString(raw, ""))
	words := strings.TrimSpace(html.UnescapeString(htmlTags.ReplaceAllString(silent.ReplaceAllString(raw, ""), " ")))
	if words != "" {
		d.find(n, "html-text-dropped", "Text", shorten(words, 60))
		return
	}
	if raw == "" || strings.HasPrefix(raw, "</") {
		return
	}
	line := d.line(n)
	for _, f := range d.findings {
		if f.ID == "html-dropped" && f.Line == line {
			return
		}
	}
	d.find(n, "html-dropped", "HTML", shorten(raw, 60))
}

// noteTable reports rows with more cells than the header: GFM drops them.
func (d *document) noteTable(table *east.Table) {
	for row := table.FirstChild(); row != nil; row = row.NextSibling() {
		if row.Pos() < 0 {
			continue
		}
		line, _, _ := bytes.Cut(d.source[row.Pos():], []byte("\n"))
		if cells := countCells(line); cells > len(table.Alignments) {
			d.find(row, "table-cells-dropped", "Cells", cells, "Columns", len(table.Alignments))
		}
	}
}

var (
	comments = regexp.MustCompile(`(?s)<!--.*?-->`)
	silent   = regexp.MustCompile(`(?is)<(?:script|style)\b.*?</(?:script|style)>`) // their words were for nobody
	htmlTags = regexp.MustCompile(`(?s)</?[A-Za-z](?:[^<>"']|"[^"]*"|'[^']*')*>|<[!?][^>]*>`)
)

// countCells counts as goldmark does: a pipe at either end bounds no cell, an
// escaped one is text.
func countCells(row []byte) int {
	row = bytes.TrimSpace(row)
	row = bytes.TrimPrefix(row, []byte("|"))
	row = bytes.TrimSuffix(row, []byte("|"))
	return bytes.Count(row, []byte("|")) - bytes.Count(row, []byte(`\|`)) + 1
}

// shows tells whether a block leaves anything in the mail.
func (d *document) shows(n ast.Node) bool {
	switch n.Kind() {
	case ast.KindHTMLBlock, ast.KindLinkReferenceDefinition:
		return false
	case ast.KindParagraph, ast.KindTextBlock, ast.KindHeading:
		return d.inlineShows(n)
	default:
		return true
	}
}

// inlineShows is false for a block of nothing but dropped tags.
func (d *document) inlineShows(n ast.Node) bool {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		text, isText := c.(*ast.Text)
		if c.Kind() != ast.KindRawHTML && (!isText || text.Segment.Len() > 0) {
			return true
		}
	}
	return false
}

// find adds a finding at a node; args are pairs of name and value.
func (d *document) find(n ast.Node, id string, args ...any) {
	values := make(map[string]any, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		values[args[i].(string)] = args[i+1]
	}
	d.add(Finding{ID: id, Args: values}, n)
}

func (d *document) add(f Finding, n ast.Node) {
	if len(d.findings) == maxFindings {
		return
	}
	f.Line = d.line(n)
	d.findings = append(d.findings, f)
}

// line is the source line of a node, or of the nearest node around it that
// knows its place.
func (d *document) line(n ast.Node) int {
	for ; n != nil; n = n.Parent() {
		if pos := n.Pos(); pos >= 0 {
			return d.lineAt(pos)
		}
	}
	return 1
}

func (d *document) lineAt(pos int) int {
	i, exact := slices.BinarySearch(d.lineStarts, pos)
	if exact {
		return i + 1
	}
	return i
}

func lineStarts(source []byte) []int {
	starts := make([]int, 1, 1+bytes.Count(source, []byte("\n")))
	for at := 0; ; {
		i := bytes.IndexByte(source[at:], '\n')
		if i < 0 {
			return starts
		}
		at += i + 1
		starts = append(starts, at)
	}
}

// lead is the first paragraph that is neither a picture nor a button, nor in
// a language other than the entry's.
func (d *document) lead() string {
	for n := d.root.FirstChild(); n != nil; n = n.NextSibling() {
		if n.Kind() != ast.KindParagraph || languageOf(n) != "" || loneImage(n) != nil || loneButton(n) != nil {
			continue
		}
		if text := plain(n, d.source); text != "" {
			return text
		}
	}
	return ""
}

// shorten cuts a quotation from the source for a message.
func shorten(s string, most int) string {
	s = s[:min(len(s), 8*most)] // a quotation may be as long as an entry
	runes := []rune(strings.ToValidUTF8(strings.Join(strings.Fields(s), " "), ""))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most-1]) + "…"
}
