package markdown

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// htmlWriter writes the HTML part. Every tag and attribute it knows is in
// this file, html_inline.go and button.go; the author's text goes through
// writeEscaped.
type htmlWriter struct {
	*document
	output
	inLink bool
}

func (d *document) html() *output {
	w := &htmlWriter{document: d, output: output{limit: maxOutput}}
	w.b.Grow(3 * len(d.source)) // what prose takes with a mail's styles
	w.blocks(d.root)
	return &w.output
}

func (w *htmlWriter) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil && !w.over; n = n.NextSibling() {
		if w.shows(n) {
			w.block(n)
		}
	}
}

func (w *htmlWriter) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Paragraph:
		w.paragraph(n)
	case *ast.TextBlock:
		w.textBlock(n)
	case *ast.Heading:
		w.heading(n)
	case *ast.ThematicBreak:
		w.open("hr", "", "hr")
		w.write("\n")
	case *ast.Blockquote:
		w.open("blockquote", langAttr(n), "blockquote")
		w.write("\n")
		w.blocks(n)
		w.write("</blockquote>\n")
	case *ast.List:
		w.list(n)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		w.open("pre", langAttr(n), "pre")
		w.write("<code>")
		w.writeEscaped(codeOf(n, w.source))
		w.write("</code></pre>\n")
	case *east.Table:
		w.table(n)
	case *east.FootnoteList:
		w.footnotes(n)
	}
}

// leaf writes a block of running text, in the element and the style of one
// name.
func (w *htmlWriter) leaf(tag string, n ast.Node) {
	w.open(tag, langAttr(n), tag)
	w.inlines(n)
	w.write("</", tag, ">\n")
}

// textBlock writes the text of a tight list's item, which has no element but
// to name its language.
func (w *htmlWriter) textBlock(n ast.Node) {
	if lang := langAttr(n); lang != "" {
		w.write("<span", lang, ">")
		w.inlines(n)
		w.write("</span>\n")
		return
	}
	w.inlines(n)
	w.write("\n")
}

// open writes the opening tag of an element: attrs, which begin with a space
// unless there are none, and those of a style.
func (w *htmlWriter) open(tag, attrs, style string) {
	w.write("<", tag, attrs)
	w.style(style)
	w.write(">")
}

// style writes a space and the attributes of a style, or nothing.
func (w *htmlWriter) style(name string) {
	if attr := w.options.Styles.Attr(name); attr != "" {
		w.write(" ", attr)
	}
}

func (w *htmlWriter) paragraph(n ast.Node) {
	if image := loneImage(n); image != nil {
		w.figure(n, image)
		return
	}
	if link := loneButton(n); link != nil {
		if target, ok := w.targets[link]; ok {
			w.button(n, link, target)
			return
		}
	}
	w.leaf("p", n)
}

func (w *htmlWriter) button(paragraph ast.Node, link *ast.Link, target Target) {
	button := Button(plain(link, w.source), target.URL, w.options.Styles)
	if lang := langAttr(paragraph); lang != "" {
		button = "<div" + lang + ">\n" + button + "</div>\n"
	}
	w.write(button)
}

// heading draws a heading without words, a picture alone, as a paragraph: it
// must not take part in the outline.
func (w *htmlWriter) heading(n *ast.Heading) {
	level, ok := w.levels[n]
	if !ok {
		w.paragraph(n)
		return
	}
	w.leaf("h"+strconv.Itoa(level), n)
}

// figure draws an image alone in its paragraph, its title as the caption. It
// is a div: several mail programs drop <figure>.
func (w *htmlWriter) figure(paragraph ast.Node, image *ast.Image) {
	w.open("div", langAttr(paragraph), "figure")
	w.inlines(paragraph)
	if caption := unescape(image.Title); caption != "" {
		w.open("div", "", "figcaption")
		w.writeEscaped(caption)
		w.write("</div>")
	}
	w.write("</div>\n")
}

func (w *htmlWriter) list(n *ast.List) {
	if !n.IsOrdered() {
		w.open("ul", langAttr(n), "ul")
		w.write("\n")
		w.items(n)
		w.write("</ul>\n")
		return
	}
	start := ""
	if n.Start != 1 {
		start = ` start="` + strconv.Itoa(n.Start) + `"`
	}
	w.open("ol", start+langAttr(n), "ol")
	w.write("\n")
	w.items(n)
	w.write("</ol>\n")
}

func (w *htmlWriter) items(list *ast.List) {
	for item := list.FirstChild(); item != nil; item = item.NextSibling() {
		style := "li"
		if taskBox(item) != nil {
			style = "task"
		}
		w.open("li", "", style)
		w.blocks(item)
		w.write("</li>\n")
	}
}

// table draws a data table, without role: its headers are headers.
func (w *htmlWriter) table(n *east.Table) {
	w.open("table", ` border="0" cellpadding="0" cellspacing="0"`+langAttr(n), "table")
	w.write("\n")
	section := ""
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		tag, cell, scope := "tbody", "td", ""
		if row.Kind() == east.KindTableHeader {
			tag, cell, scope = "thead", "th", ` scope="col"`
		}
		if section != tag {
			w.closeSection(section)
			w.write("<", tag, ">\n")
			section = tag
		}
		w.row(row, cell, scope, n.Alignments)
	}
	w.closeSection(section)
	w.write("</table>\n")
}

func (w *htmlWriter) closeSection(section string) {
	if section != "" {
		w.write("</", section, ">\n")
	}
}

func (w *htmlWriter) row(row ast.Node, tag, scope string, alignments []east.Alignment) {
	w.write("<tr>")
	column := 0
	for c := row.FirstChild(); c != nil; c = c.NextSibling() {
		w.write("<", tag, scope, ` align="`, alignment(alignments[column]), `"`)
		w.style(tag)
		w.write(">")
		w.inlines(c)
		w.write("</", tag, ">")
		column++
	}
	w.write("</tr>\n")
}

// alignment is an attribute rather than a style, so that the style table
// stays the only writer of styles.
func alignment(a east.Alignment) string {
	switch a {
	case east.AlignRight:
		return "right"
	case east.AlignCenter:
		return "center"
	default:
		return "left"
	}
}

// footnotes lists the notes under their numbers: anchors are dead in many
// mail programs, so nothing leads there or back.
func (w *htmlWriter) footnotes(list ast.Node) {
	w.open("div", "", "footnotes")
	w.open("ol", "", "footnote-list")
	w.write("\n")
	for note := list.FirstChild(); note != nil; note = note.NextSibling() {
		w.open("li", langAttr(note), "footnote")
		w.blocks(note)
		w.write("</li>\n")
	}
	w.write("</ol></div>\n")
}

// taskBox is the check box that opens a list item, if any.
func taskBox(item ast.Node) *east.TaskCheckBox {
	first := item.FirstChild()
	if first == nil {
		return nil
	}
	box, _ := first.FirstChild().(*east.TaskCheckBox)
	return box
}

func codeOf(n ast.Node, source []byte) string {
	return strings.TrimRight(string(n.Lines().Value(source)), "\n")
}
