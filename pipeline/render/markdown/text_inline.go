package markdown

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// inlines is the running text of a block, with line feeds only where the
// author forced a line break.
func (w *textWriter) inlines(parent ast.Node) string {
	w.running.Reset()
	w.writeInlines(&w.running, parent)
	return w.running.String()
}

func (w *textWriter) writeInlines(b *bytes.Buffer, parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		w.inline(b, n)
	}
}

func (w *textWriter) inline(b *bytes.Buffer, n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		b.WriteString(breaksToSpaces.Replace(textOf(n, w.source)))
		switch {
		case n.HardLineBreak():
			b.WriteByte('\n')
		case n.SoftLineBreak():
			b.WriteByte(' ')
		}
	case *ast.String:
		b.WriteString(breaksToSpaces.Replace(stringOf(n)))
	case *ast.Link:
		w.link(b, n)
	case *ast.AutoLink:
		b.WriteString(w.address(n))
	case *ast.Image:
		if alt := plain(n, w.source); alt != "" {
			b.WriteString(w.options.Words.Image(alt))
		}
	case *east.Strikethrough:
		// Without its strokes, struck text would say the opposite.
		b.WriteString("~~")
		w.writeInlines(b, n)
		b.WriteString("~~")
	case *east.FootnoteLink:
		b.WriteString(" " + footnoteMark(n.Index))
	case *ast.RawHTML:
		b.WriteString(leftOf(n, w.source))
	case *east.FootnoteBacklink, *east.TaskCheckBox:
	default: // emphasis, code, superscripts: the words alone
		w.writeInlines(b, n)
	}
}

var breaksToSpaces = strings.NewReplacer("\n", " ")

// link writes a link's text, then its address, or the number under which the
// address is listed. An address that is its own text is written once.
func (w *textWriter) link(b *bytes.Buffer, n *ast.Link) {
	w.writeInlines(b, n)
	if target, ok := w.targets[n]; ok && !isOwnText(plain(n, w.source), target.URL) {
		b.WriteString(" " + w.notes.mark(shownURL(target.URL)))
	}
}

// address is an automatic link in full: "www.exemple.fr" gets its scheme,
// without which few mail programs would make it a link.
func (w *textWriter) address(n *ast.AutoLink) string {
	if target, ok := w.targets[n]; ok {
		return shownURL(target.URL)
	}
	return string(n.Label(w.source))
}

func isOwnText(text, url string) bool {
	return text == url || text == shownURL(url)
}

// shownURL is a URL as text shows it: an address is read without "mailto:".
func shownURL(url string) string {
	if address, ok := strings.CutPrefix(url, "mailto:"); ok && !strings.Contains(address, "?") {
		return address
	}
	return url
}

// linkNotes numbers the addresses of links in order of appearance. A lone
// one is written where it stands.
type linkNotes struct {
	inline  bool
	listed  []string
	numbers map[string]int
}

func newLinkNotes(d *document) linkNotes {
	uses := 0
	for n, target := range d.targets {
		link, ok := n.(*ast.Link)
		if ok && !(isButton(link) && isAlone(link)) && !isOwnText(plain(link, d.source), target.URL) {
			uses++
		}
	}
	return linkNotes{inline: uses == 1, numbers: map[string]int{}}
}

func (l *linkNotes) mark(url string) string {
	if l.inline {
		return "<" + url + ">"
	}
	number, ok := l.numbers[url]
	if !ok {
		l.listed = append(l.listed, url)
		number = len(l.listed)
		l.numbers[url] = number
	}
	return linkMark(number)
}

func linkMark(number int) string { return "[" + strconv.Itoa(number) + "]" }

// table writes a table in columns, or row by row when they are too wide.
func (w *textWriter) table(table *east.Table) {
	var rows [][]string
	for row := table.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for c := row.FirstChild(); c != nil; c = c.NextSibling() {
			cells = append(cells, spaced(w.inlines(c)))
		}
		rows = append(rows, cells)
	}
	widths := columnWidths(rows)
	if total(widths)+len(gutter)*(len(widths)-1) > w.room() {
		w.records(rows)
		return
	}
	for i, cells := range rows {
		w.line(padded(cells, widths, table.Alignments))
		if i == 0 {
			w.line(rules(widths))
		}
	}
}

const gutter = "  "

func columnWidths(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, cells := range rows {
		for i, cell := range cells {
			widths[i] = max(widths[i], columns(cell), 3)
		}
	}
	return widths
}

func total(widths []int) int {
	sum := 0
	for _, w := range widths {
		sum += w
	}
	return sum
}

func padded(cells []string, widths []int, alignments []east.Alignment) string {
	line := make([]string, len(cells))
	for i, cell := range cells {
		blank := widths[i] - columns(cell)
		left := 0
		switch alignments[i] {
		case east.AlignRight:
			left = blank
		case east.AlignCenter:
			left = blank / 2
		}
		line[i] = strings.Repeat(" ", left) + cell + strings.Repeat(" ", blank-left)
	}
	return strings.Join(line, gutter)
}

func rules(widths []int) string {
	line := make([]string, len(widths))
	for i, width := range widths {
		line[i] = strings.Repeat("-", width)
	}
	return strings.Join(line, gutter)
}

// records writes each row as lines of "header: cell", rows apart by an empty
// line.
func (w *textWriter) records(rows [][]string) {
	header := rows[0]
	if len(rows) == 1 {
		rows = slices.Insert(rows, 1, make([]string, len(header)))
	}
	for i, cells := range rows[1:] {
		if w.over {
			return
		}
		if i > 0 {
			w.line("")
		}
		for j, cell := range cells {
			w.flow(w.field(header[j], cell))
		}
	}
}

func (w *textWriter) field(label, value string) string {
	label = strings.TrimRight(label, " \u00a0\u202f:")
	if label == "" {
		return value
	}
	return w.options.Words.Field(label, value)
}
