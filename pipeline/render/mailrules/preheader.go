package mailrules

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// H9

const preheaderLimit = 140 // characters; no inbox shows more

// filler are the invisible characters that keep an inbox from showing the
// body's first words after a short preheader.
const filler = "\u00a0\u00ad\u034f\u061c\u2007\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"

func checkPreheader(p *page) {
	if p.body == nil {
		return
	}
	first := p.firstContent()
	if first == nil || !p.hidden(first) {
		p.add("mail-preheader", "")
		return
	}
	box := p.hider(first)
	for _, want := range []declaration{{property: "max-height", value: "0"}, {property: "overflow", value: "hidden"}, {property: "mso-hide", value: "all"}} {
		if v := p.style(box, want.property); strings.TrimSuffix(v, "px") != want.value {
			p.add("mail-preheader-hidden", tag(box), "Property", want.property)
		}
	}
	if p.disguised(first) {
		p.add("mail-preheader-disguised", tag(box))
	}
	said := strings.Trim(collapse(text(box)), filler+" ")
	if n := utf8.RuneCountInString(said); n > preheaderLimit {
		p.add("mail-preheader-length", said, "Length", n, "Limit", preheaderLimit)
	}
	if !strings.ContainsAny(text(box)+p.hiddenAfter(box), filler) {
		p.add("mail-preheader-filler", said)
	}
}

// firstContent is the first text or image of the body.
func (p *page) firstContent() *html.Node {
	for n := range p.body.Descendants() {
		if n.Type == html.TextNode && strings.Trim(n.Data, filler+" \t\r\n") != "" || n.Data == "img" && n.Type == html.ElementNode {
			return n
		}
	}
	return nil
}

// hider is the element that hides n.
func (p *page) hider(n *html.Node) *html.Node {
	for n.Parent != nil && p.style(n, "display") != "none" {
		n = n.Parent
	}
	return n
}

// hiddenAfter is the text of the next element, when it is hidden too.
func (p *page) hiddenAfter(n *html.Node) string {
	for n = n.NextSibling; n != nil; n = n.NextSibling {
		if n.Type == html.ElementNode {
			break
		}
	}
	if n == nil || !p.hidden(n) {
		return ""
	}
	return text(n)
}

// disguised reports what spammers do and filters punish: no size, or the
// colour of the ground.
func (p *page) disguised(n *html.Node) bool {
	size, ok := pixels(p.inherited(n, "font-size"))
	if ok && size <= 1 {
		return true
	}
	seen := theme{page: p, own: map[*html.Node]colors{}}.at(n)
	if seen.back == "" {
		seen.back = "#ffffff"
	}
	return seen.text == seen.back
}
