package markdown

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

func (w *htmlWriter) inlines(parent ast.Node) {
	for n := parent.FirstChild(); n != nil && !w.over; n = n.NextSibling() {
		w.inline(n)
	}
}

func (w *htmlWriter) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		w.text(n)
	case *ast.String:
		w.flow(stringOf(n))
	case *ast.CodeSpan:
		w.element("code", n)
	case *ast.Emphasis:
		if n.Level == 2 {
			w.element("strong", n)
		} else {
			w.element("em", n)
		}
	case *east.Strikethrough:
		w.element("del", n)
	case *Superscript:
		w.element("sup", n)
	case *ast.Link:
		w.link(n)
	case *ast.AutoLink:
		w.autoLink(n)
	case *ast.Image:
		w.image(n)
	case *ast.RawHTML:
		w.write(leftOf(n, w.source))
	case *east.TaskCheckBox:
		w.write(boxSign(n), " ")
	case *east.FootnoteLink:
		w.open("sup", "", "sup")
		w.write(strconv.Itoa(n.Index), "</sup>")
	}
}

func (w *htmlWriter) element(tag string, n ast.Node) {
	w.open(tag, "", tag)
	w.inlines(n)
	w.write("</", tag, ">")
}

func (w *htmlWriter) text(n *ast.Text) {
	w.flow(textOf(n, w.source))
	switch {
	case n.HardLineBreak():
		w.write("<br>\n")
	case n.SoftLineBreak():
		w.write("\n")
	}
}

// boundDash is an en dash and the blank that holds it to the next word.
const boundDash = "–\u00a0"

// flow writes text whose en dashes stay with what follows them. The no-break
// space alone does not do it: a line may break behind such a dash, whatever
// comes next (Unicode's UAX #14, LB12a).
func (w *htmlWriter) flow(text string) {
	for {
		before, after, found := strings.Cut(text, boundDash)
		w.writeEscaped(before)
		if !found {
			return
		}
		w.open("span", "", "dash")
		w.write(boundDash, "</span>")
		text = after
	}
}

// link writes a link, or only its content when the destination was refused
// or a link is already open: HTML does not nest them.
func (w *htmlWriter) link(n *ast.Link) {
	target, ok := w.targets[n]
	if !ok || w.inLink {
		w.inlines(n)
		return
	}
	w.openLink(target.URL, title(n.Title, isButton(n)))
	if n.FirstChild() == nil {
		w.writeEscaped(target.URL)
	}
	w.inlines(n)
	w.closeLink()
}

func (w *htmlWriter) autoLink(n *ast.AutoLink) {
	target, ok := w.targets[n]
	if !ok || w.inLink {
		w.writeEscaped(string(n.Label(w.source)))
		return
	}
	w.openLink(target.URL, "")
	w.writeEscaped(string(n.Label(w.source)))
	w.closeLink()
}

func (w *htmlWriter) openLink(url, title string) {
	w.inLink = true
	w.write(`<a href="`)
	w.writeEscaped(url)
	w.write(`"`)
	w.titleAttr(title)
	w.style("a")
	w.write(">")
}

func (w *htmlWriter) closeLink() {
	w.inLink = false
	w.write("</a>")
}

func (w *htmlWriter) titleAttr(title string) {
	if title == "" {
		return
	}
	w.write(` title="`)
	w.writeEscaped(title)
	w.write(`"`)
}

// title is a link's title unless it only asked for a button.
func title(raw []byte, button bool) string {
	if button {
		return ""
	}
	return unescape(raw)
}

// image writes an image no wider than the column, or its alternative text
// when it was refused.
func (w *htmlWriter) image(n *ast.Image) {
	alt := plain(n, w.source)
	target, ok := w.targets[n]
	if !ok {
		w.writeEscaped(alt)
		return
	}
	w.write(`<img src="`)
	w.writeEscaped(target.URL)
	w.write(`" alt="`)
	w.writeEscaped(alt)
	w.write(`"`, w.size(target))
	if n.Parent().Kind() != ast.KindParagraph || loneImage(n.Parent()) == nil {
		w.titleAttr(unescape(n.Title))
	}
	w.write(` border="0"`)
	w.style("img")
	w.write(">")
}

// size gives the width and height attributes, which Outlook obeys while it
// ignores max-width.
func (w *htmlWriter) size(t Target) string {
	most := w.options.Width
	if t.Width <= 0 || t.Height <= 0 {
		return ` width="` + strconv.Itoa(most) + `"`
	}
	width, height := t.Width, t.Height
	if width > most {
		width, height = most, max(1, (height*most+width/2)/width)
	}
	return ` width="` + strconv.Itoa(width) + `" height="` + strconv.Itoa(height) + `"`
}

func boxSign(n *east.TaskCheckBox) string {
	if n.IsChecked {
		return "☑"
	}
	return "☐"
}
