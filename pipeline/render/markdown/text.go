package markdown

import (
	"bytes"
	"cmp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

const (
	lineColumns   = 76 // of the text part, the advice of RFC 5322 2.1.1 less room for a quoting reader
	narrowColumns = 24 // what deep nesting leaves at least
)

// textWriter writes the text part: the same words, laid out for a fixed
// pitch. Containers push a margin; blocks write lines after all margins.
type textWriter struct {
	*document
	output
	margins []margin
	notes   linkNotes
	running bytes.Buffer // the text of the block at hand
	row     []byte       // the line at hand

	gap        bool // an empty line is due before the next line
	gapMargins int  // and stands after so many margins
}

// margin stands before every line of a container; first, when not empty,
// stands once in its place.
type margin struct{ first, rest string }

func (d *document) text() *output {
	w := &textWriter{document: d, output: output{limit: maxOutput}, notes: newLinkNotes(d)}
	w.b.Grow(len(d.source) + len(d.source)/8) // room for the spaces and line feeds put in
	w.blocks(d.root, false)
	w.linkNotes()
	return &w.output
}

// blocks writes a container's blocks, apart by an empty line unless tight.
func (w *textWriter) blocks(parent ast.Node, tight bool) {
	w.apart(parent, tight, w.block)
	if w.pendingMargin() { // an empty item still has its mark
		w.line("")
	}
}

// apart writes the children of a node with an empty line between those that
// leave something to read.
func (w *textWriter) apart(parent ast.Node, tight bool, write func(ast.Node)) {
	written := false
	for n := parent.FirstChild(); n != nil && !w.over; n = n.NextSibling() {
		if written && !tight {
			w.gap, w.gapMargins = true, len(w.margins)
		}
		before := w.b.Len()
		write(n)
		written = written || w.b.Len() > before
	}
	if written {
		w.gap = false
	}
}

func (w *textWriter) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Paragraph:
		w.paragraph(n)
	case *ast.TextBlock:
		w.flow(w.inlines(n))
	case *ast.Heading:
		w.heading(n)
	case *ast.ThematicBreak:
		w.line("* * *")
	case *ast.Blockquote:
		w.within(margin{rest: "> "}, func() { w.blocks(n, false) })
	case *ast.List:
		w.list(n)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		w.code(codeOf(n, w.source))
	case *east.Table:
		w.table(n)
	case *east.FootnoteList:
		w.footnotes(n)
	}
}

func (w *textWriter) paragraph(n ast.Node) {
	if image := loneImage(n); image != nil {
		w.flow(w.inlines(n))
		if caption := unescape(image.Title); caption != "" {
			w.flow(caption)
		}
		return
	}
	if link := loneButton(n); link != nil {
		if target, ok := w.targets[link]; ok {
			w.flow(plain(link, w.source))
			w.line(target.URL)
			return
		}
	}
	w.flow(w.inlines(n))
}

// heading underlines a heading: the entry's own with dashes, deeper ones
// with dots.
func (w *textWriter) heading(n *ast.Heading) {
	stroke := "-"
	if w.levels[n] > w.options.TopHeading {
		stroke = "."
	}
	w.underlined(w.inlines(n), stroke)
}

func (w *textWriter) underlined(title, stroke string) {
	if isBlank(title) {
		return
	}
	widest := 3 // "--" alone could pass for a signature mark
	wrap(title, w.room(), func(line string) {
		w.line(line)
		widest = max(widest, columns(line))
	})
	w.line(strings.Repeat(stroke, widest))
}

func (w *textWriter) list(list *ast.List) {
	number := list.Start
	w.apart(list, list.IsTight, func(item ast.Node) {
		mark := "- "
		if list.IsOrdered() {
			mark = strconv.Itoa(number) + string(list.Marker) + " "
			number++
		}
		if box := taskBox(item); box != nil {
			mark = boxSign(box) + " "
		}
		w.within(margin{mark, strings.Repeat(" ", columns(mark))}, func() { w.blocks(item, list.IsTight) })
	})
}

// code is copied line by line: a wrapped command is a wrong command.
func (w *textWriter) code(code string) {
	w.within(margin{rest: "    "}, func() {
		for line := range strings.SplitSeq(code, "\n") {
			w.line(strings.TrimRight(line, " \t"))
		}
	})
}

func (w *textWriter) footnotes(list ast.Node) {
	w.apart(list, areShort(list), func(note ast.Node) {
		mark := footnoteMark(note.(*east.Footnote).Index) + " "
		w.within(margin{mark, strings.Repeat(" ", len(mark))}, func() { w.blocks(note, false) })
	})
}

// areShort tells whether every note of a list is a single block.
func areShort(list ast.Node) bool {
	for note := list.FirstChild(); note != nil; note = note.NextSibling() {
		if note.FirstChild() != note.LastChild() {
			return false
		}
	}
	return true
}

// footnoteMark is round, as the notes of links are square.
func footnoteMark(index int) string { return "(" + strconv.Itoa(index) + ")" }

// linkNotes lists the addresses that the text refers to by number.
func (w *textWriter) linkNotes() {
	for i, url := range w.notes.listed {
		if i == 0 {
			w.line("")
		}
		w.line(linkMark(i+1) + " " + url)
	}
}

func (w *textWriter) within(m margin, inner func()) {
	w.margins = append(w.margins, m)
	inner()
	w.margins = w.margins[:len(w.margins)-1]
}

// room is the number of columns between the margins and the right edge.
func (w *textWriter) room() int {
	taken := 0
	for _, m := range w.margins {
		taken += columns(m.rest)
	}
	return max(lineColumns-taken, narrowColumns)
}

// flow writes running text, wrapped.
func (w *textWriter) flow(text string) {
	if !isBlank(text) {
		wrap(text, w.room(), w.line)
	}
}

// line writes one line after the margins, and the empty line due before it.
func (w *textWriter) line(content string) {
	if w.gap {
		w.gap = false
		w.emit(w.margins[:w.gapMargins], "")
	}
	w.emit(w.margins, content)
}

const narrow = "\u202f"

// emit writes a line of the mail. Narrow no-break spaces become ordinary
// ones: the fonts of text mail lack them.
func (w *textWriter) emit(margins []margin, content string) {
	row := w.row[:0]
	quoted := true
	for i := range margins {
		m := &margins[i]
		quoted = quoted && m.first == "" && m.rest == "> "
		row = append(row, cmp.Or(m.first, m.rest)...)
		m.first = ""
	}
	if quoted && misleads(content) {
		row = append(row, ' ')
	}
	for i := strings.Index(content, narrow); i >= 0; i = strings.Index(content, narrow) {
		row = append(append(row, content[:i]...), "\u00a0"...)
		content = content[i+len(narrow):]
	}
	row = append(row, content...)
	w.row = append(bytes.TrimRight(row, " "), '\n')
	w.write(util.BytesToReadOnlyString(w.row))
}

func (w *textWriter) pendingMargin() bool {
	return len(w.margins) > 0 && w.margins[len(w.margins)-1].first != ""
}

// misleads reports a line that mail programs would take for a quotation, a
// signature mark or the start of another message (RFC 3676 4.4, RFC 4155).
func misleads(line string) bool {
	return strings.HasPrefix(line, ">") || line == "--" || strings.HasPrefix(line, "-- ") || strings.HasPrefix(line, "From ")
}
