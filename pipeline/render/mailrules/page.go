package mailrules

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// page is the HTML part, parsed once for all rules.
type page struct {
	*findings
	opts   Options
	source string
	root   *html.Node
	body   *html.Node
	sheet  []styleRule
	styles map[*html.Node][]declaration // inline
}

// newPage is false where x/net/html gives up, on more than 512 nested tags.
func newPage(f *findings, source []byte, o Options) (*page, bool) {
	root, err := html.Parse(bytes.NewReader(source))
	if err != nil {
		return nil, false
	}
	p := &page{findings: f, opts: o, source: string(source), root: root, styles: map[*html.Node][]declaration{}}
	for n := range root.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "body":
			p.body = n
		case n.Data == "style":
			p.sheet = append(p.sheet, parseSheet(text(n), "")...)
		}
		if style, ok := attribute(n, "style"); ok {
			p.styles[n] = parseDeclarations(style)
		}
	}
	return p, true
}

// elements lists the elements with one of the names, in reading order; no
// name means all.
func (p *page) elements(names ...string) []*html.Node { return within(p.root, names...) }

func within(root *html.Node, names ...string) []*html.Node {
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && (len(names) == 0 || slices.Contains(names, n.Data)) {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val, true
		}
	}
	return "", false
}

func attr(n *html.Node, name string) string {
	value, _ := attribute(n, name)
	return value
}

// text is all text within n, blanks as they stand.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// name is what a screen reader says of n: its label, else its texts and the
// alternatives of its images, blanks collapsed.
func name(n *html.Node) string {
	if label := attr(n, "aria-label"); label != "" {
		return label
	}
	var b strings.Builder
	for d := range n.Descendants() {
		switch {
		case d.Type == html.TextNode:
			b.WriteString(d.Data)
		case d.Type == html.ElementNode && d.Data == "img":
			b.WriteString(" " + attr(d, "alt") + " ")
		}
	}
	return collapse(b.String())
}

// collapse makes every run of blanks one space, no-break spaces included.
func collapse(s string) string { return strings.Join(strings.Fields(s), " ") }

// tag shows an element's start tag in a report.
func tag(n *html.Node) string {
	var b strings.Builder
	b.WriteString("<" + n.Data)
	for _, a := range n.Attr {
		fmt.Fprintf(&b, " %s=%q", a.Key, a.Val)
	}
	return b.String() + ">"
}

// style is the last inline value of a property, "" without one.
func (p *page) style(n *html.Node, property string) string { return value(p.styles[n], property) }

// hidden reports an element that is shown to nobody, or lies in one.
func (p *page) hidden(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if p.style(n, "display") == "none" {
			return true
		}
	}
	return false
}

// texts lists the text nodes of the body that are not blank.
func (p *page) texts() []*html.Node {
	var found []*html.Node
	if p.body == nil {
		return nil
	}
	for n := range p.body.Descendants() {
		if n.Type == html.TextNode && strings.TrimSpace(n.Data) != "" && n.Parent.Data != "style" && n.Parent.Data != "script" {
			found = append(found, n)
		}
	}
	return found
}

// conditional is a hidden conditional comment: what it says, and to whom.
type conditional struct{ condition, content string }

// outlook reports a comment that Word's engine reads.
func (c conditional) outlook() bool {
	return strings.Contains(c.condition, "mso") && !strings.Contains(c.condition, "!mso")
}

var hiddenConditional = regexp.MustCompile(`(?s)^\[if ([^\]]+)\]>(.*)<!\[endif\]$`)

// conditionals lists the hidden conditional comments.
func (p *page) conditionals() []conditional {
	var found []conditional
	for _, c := range p.comments() {
		if m := hiddenConditional.FindStringSubmatch(c.Data); m != nil {
			found = append(found, conditional{m[1], m[2]})
		}
	}
	return found
}

func (p *page) comments() []*html.Node {
	var found []*html.Node
	for n := range p.root.Descendants() {
		if n.Type == html.CommentNode {
			found = append(found, n)
		}
	}
	return found
}

// outlookTags lists the start tags within Outlook's conditional comments.
func (p *page) outlookTags() []html.Token {
	var tags []html.Token
	for _, c := range p.conditionals() {
		if !c.outlook() {
			continue
		}
		for z := html.NewTokenizer(strings.NewReader(c.content)); z.Next() != html.ErrorToken; {
			if t := z.Token(); t.Type == html.StartTagToken || t.Type == html.SelfClosingTagToken {
				tags = append(tags, t)
			}
		}
	}
	return tags
}

func tokenAttr(t html.Token, name string) string {
	return attr(&html.Node{Attr: t.Attr}, name)
}
