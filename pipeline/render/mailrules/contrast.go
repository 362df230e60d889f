package mailrules

import (
	"fmt"
	"math"
	"strings"

	"golang.org/x/net/html"
)

// H8

const minContrast = 4.5 // RGAA 3.2, WCAG 1.4.3, for text of any size

// checkDarkRules wants dark colours twice, for the media query and for the
// Outlook apps, and stronger than the inline ones they replace.
func checkDarkRules(p *page) {
	twins := map[string]bool{}
	media := false
	for _, r := range p.sheet {
		media = media || r.dark()
		if !r.outlookTwin() {
			continue
		}
		selector := collapse(outlookMark.ReplaceAllString(r.selector, ""))
		for _, d := range r.declarations {
			twins[selector+"|"+d.property+"|"+d.value] = true
		}
	}
	if !media || len(twins) == 0 {
		p.add("mail-dark-missing", "")
		return
	}
	for _, r := range p.sheet {
		if !r.dark() || strings.Contains(r.selector, ":") {
			continue
		}
		for _, d := range r.declarations {
			p.checkDarkDeclaration(r.selector, d, twins)
		}
	}
}

func (p *page) checkDarkDeclaration(selector string, d declaration, twins map[string]bool) {
	if d.property != "color" && d.property != "background-color" && d.property != "background" {
		return
	}
	if !d.important {
		p.add("mail-dark-important", selector, "Selector", selector)
	}
	if !twins[selector+"|"+d.property+"|"+d.value] {
		p.add("mail-dark-twin", selector, "Selector", selector)
	}
}

// theme computes colours; rules are those that override inline styles.
type theme struct {
	page  *page
	rules []styleRule
	own   map[*html.Node]colors
}

// colors of an element's own, "" where it says nothing.
type colors struct{ text, back string }

func checkContrast(p *page) {
	light := theme{page: p, own: map[*html.Node]colors{}}
	dark := theme{page: p, own: map[*html.Node]colors{}}
	for _, r := range p.sheet {
		if r.dark() {
			dark.rules = append(dark.rules, r)
		}
	}
	for _, t := range p.texts() {
		if !p.hidden(t) {
			light.check(t, "mail-contrast")
		}
		if !p.hidden(t) && len(dark.rules) > 0 {
			dark.check(t, "mail-contrast-dark")
		}
	}
}

func (t theme) check(n *html.Node, id string) {
	c := t.at(n)
	if c.text == "" || c.back == "" {
		return // the program's own colours, chosen to suit each other
	}
	if ratio := contrast(c.text, c.back); ratio < minContrast {
		hundredths := int(ratio * 100) // rounded down: 4.499 must not read as 4.50
		t.page.add(id, collapse(n.Data), "Whole", hundredths/100, "Hundredths", fmt.Sprintf("%02d", hundredths%100), "Color", c.text, "Background", c.back)
	}
	if pure(c.text) && pure(c.back) && c.text != c.back {
		t.page.add("mail-pure-contrast", collapse(n.Data), "Color", c.text, "Background", c.back)
	}
}

func pure(color string) bool { return color == "#000000" || color == "#ffffff" }

// at is what a reader sees at n, from the nearest elements that say so.
func (t theme) at(n *html.Node) (seen colors) {
	linked := false
	for n = n.Parent; n != nil; n = n.Parent {
		own := t.ownColors(n)
		if seen.text == "" && !linked {
			seen.text = own.text
		}
		if seen.back == "" {
			seen.back = own.back
		}
		linked = linked || n.Data == "a"
	}
	return seen
}

func (t theme) ownColors(n *html.Node) colors {
	if c, ok := t.own[n]; ok {
		return c
	}
	list := t.page.styles[n]
	c := colors{text: sixDigits(value(list, "color")), back: background(list)}
	if c.back == "" {
		c.back = sixDigits(strings.ToLower(attr(n, "bgcolor")))
	}
	for _, r := range t.rules {
		if !r.steps.match(n) {
			continue
		}
		for _, d := range r.declarations {
			c.override(d)
		}
	}
	t.own[n] = c
	return c
}

// override lets a rule win where it is marked important, or stands alone.
func (c *colors) override(d declaration) {
	one := []declaration{d}
	if text := sixDigits(value(one, "color")); text != "" && (d.important || c.text == "") {
		c.text = text
	}
	if back := background(one); back != "" && (d.important || c.back == "") {
		c.back = back
	}
}

// contrast is WCAG 2's ratio of relative luminances, 1 to 21.
func contrast(a, b string) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(color string) float64 {
	rgb := channels(color)
	for i, v := range rgb {
		if v <= 0.04045 {
			rgb[i] = v / 12.92
		} else {
			rgb[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*rgb[0] + 0.7152*rgb[1] + 0.0722*rgb[2]
}
