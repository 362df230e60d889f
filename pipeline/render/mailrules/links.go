package mailrules

import (
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/publicsuffix"

	"github.com/infolettre/infolettre/pipeline/loopback"
	"github.com/infolettre/infolettre/pipeline/render/link"
)

// links lists the elements that lead somewhere.
func (p *page) links() []*html.Node {
	return slices.DeleteFunc(p.elements("a"), func(n *html.Node) bool {
		_, ok := attribute(n, "href")
		return !ok
	})
}

// H12

func checkLinkTexts(p *page) {
	for _, a := range p.links() {
		said := name(a)
		switch {
		case said == "":
			p.add("mail-link-empty", tag(a), "Target", attr(a, "href"))
		case link.Vague(said):
			p.add("mail-link-vague", tag(a), "Text", said)
		}
		if shown, target, ok := honest(collapse(text(a)), attr(a, "href")); !ok {
			p.add("mail-link-host", tag(a), "Shown", shown, "Target", target)
		}
		if !p.underlined(a) && collapse(text(a)) != "" && !p.button(a) {
			p.add("mail-link-underline", tag(a), "Text", said)
		}
	}
}

// underlined looks at the link and at what lies within it.
func (p *page) underlined(a *html.Node) bool {
	for _, n := range append(within(a), a) {
		if strings.Contains(p.style(n, "text-decoration"), "underline") || strings.Contains(p.style(n, "text-decoration-line"), "underline") {
			return true
		}
	}
	return false
}

// honest compares the address a reader sees with the one the link leads to;
// a text that shows none is honest.
func honest(shown, href string) (shownHost, targetHost string, ok bool) {
	target, err := url.Parse(strings.TrimSpace(href))
	if err != nil {
		return shown, href, !looksLikeURL(shown)
	}
	if address, err := mail.ParseAddress(shown); err == nil && target.Scheme == "mailto" {
		return shown, target.Opaque, strings.EqualFold(address.Address, target.Opaque)
	}
	if !looksLikeURL(shown) {
		return "", "", true
	}
	visible, err := url.Parse(withScheme(shown))
	if err != nil {
		return shown, target.Host, false
	}
	return visible.Host, target.Host, link.SameHost(visible.Hostname(), target.Hostname())
}

var (
	fullURL    = regexp.MustCompile(`(?i)^(?:https?://|www\.)\S+$`)
	bareDomain = regexp.MustCompile(`^(?:[a-z0-9-]+\.)+[a-z]{2,}(?:[/:?#]\S*)?$`)
)

// looksLikeURL reports a URL, or a lower-case domain of a public suffix:
// « lemonde.fr », not « Node.js » or « ASP.NET ».
func looksLikeURL(s string) bool {
	if fullURL.MatchString(s) {
		return true
	}
	if !bareDomain.MatchString(s) {
		return false
	}
	domain, _, _ := strings.Cut(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("/:?#", r) })[0], ":")
	_, public := publicsuffix.PublicSuffix(domain)
	return public
}

func withScheme(s string) string {
	if strings.Contains(s, "://") {
		return s
	}
	return "https://" + s
}

// H13

const buttonHeight = 44 // px; the smallest target a thumb hits surely

// button reports a link drawn as one: a block, without underline.
func (p *page) button(a *html.Node) bool {
	display := p.style(a, "display")
	return (display == "block" || display == "inline-block") && !p.underlined(a) && collapse(text(a)) != ""
}

func checkButtons(p *page) {
	for _, a := range p.links() {
		if !p.button(a) {
			continue
		}
		cell := a.Parent
		if cell.Data != "td" || attr(cell, "bgcolor") == "" {
			p.add("mail-button-cell", tag(a), "Text", name(a))
		}
		if height := p.height(a); height < buttonHeight {
			p.add("mail-button-height", tag(a), "Text", name(a), "Height", height, "Limit", buttonHeight)
		}
		if !p.outlookButton(a) {
			p.add("mail-button-outlook", tag(a), "Text", name(a))
		}
	}
}

// height is the least height of a block: its line and its paddings.
func (p *page) height(n *html.Node) int {
	if h, ok := pixels(p.style(n, "height")); ok {
		return h
	}
	size, _ := pixels(p.inherited(n, "font-size"))
	line := lineHeight(p.inherited(n, "line-height"), size)
	top, bottom := p.paddings(n)
	return line + top + bottom
}

// lineHeight of text of the size, in px; without value it is at least the size.
func lineHeight(value string, size int) int {
	if line, ok := pixels(value); ok && strings.HasSuffix(value, "px") {
		return line
	}
	factor, err := strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64)
	switch {
	case err != nil:
		return size
	case strings.HasSuffix(value, "%"):
		factor /= 100
	}
	return int(factor * float64(size))
}

// paddings reads the shorthand, then what follows it.
func (p *page) paddings(n *html.Node) (top, bottom int) {
	for _, d := range p.styles[n] {
		words := strings.Fields(d.value)
		switch {
		case len(words) == 0:
		case d.property == "padding":
			top, _ = pixels(words[0])
			bottom = top
			if len(words) > 2 {
				bottom, _ = pixels(words[2])
			}
		case d.property == "padding-top":
			top, _ = pixels(words[0])
		case d.property == "padding-bottom":
			bottom, _ = pixels(words[0])
		}
	}
	return top, bottom
}

// outlookButton reports a VML shape with the same target, or paddings of
// Outlook's own: it ignores those of a link.
func (p *page) outlookButton(a *html.Node) bool {
	shape := slices.ContainsFunc(p.outlookTags(), func(t html.Token) bool {
		return strings.HasPrefix(t.Data, "v:") && tokenAttr(t, "href") == attr(a, "href")
	})
	return shape || p.style(a.Parent, "mso-padding-alt") != ""
}

// H16

var active = []string{
	"script", "form", "input", "button", "select", "textarea", "iframe", "frame", "frameset", "object", "embed", "applet", "svg", "math",
	"video", "audio", "source", "canvas", "base", "noscript", "portal", "marquee",
}

func checkActiveContent(p *page) {
	for _, n := range p.elements() {
		if slices.Contains(active, n.Data) || n.Data == "meta" && strings.EqualFold(attr(n, "http-equiv"), "refresh") {
			p.add("mail-active", tag(n), "Tag", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") {
				p.add("mail-active", tag(n), "Tag", a.Key)
			}
		}
	}
}

// checkTargets: a mail has no place of its own, so every target is whole.
func checkTargets(p *page) {
	for _, a := range p.links() {
		href := strings.TrimSpace(attr(a, "href"))
		u, err := url.Parse(href)
		switch {
		case strings.HasPrefix(href, "#"):
		case err != nil || !reachable(u):
			p.add("mail-link-target", tag(a), "Target", shorten(href))
		case u.Scheme == "http" && !loopback.Named(u.Hostname()):
			p.add("mail-link-insecure", tag(a), "Target", shorten(href))
		}
	}
}

// reachable refuses a host hidden behind a user name (https://bank@evil.example).
func reachable(u *url.URL) bool {
	switch u.Scheme {
	case "http", "https":
		return u.Host != "" && u.User == nil
	case "mailto", "tel":
		return u.Opaque != ""
	}
	return false
}

// H17

func checkFooter(p *page) {
	if p.opts.Unsubscribe != "" && !p.linksTo(p.opts.Unsubscribe) {
		p.add("mail-footer-unsubscribe", "", "Target", p.opts.Unsubscribe)
	}
	var shown strings.Builder
	for _, t := range p.texts() {
		if !p.hidden(t) {
			shown.WriteString(t.Data)
		}
	}
	for _, want := range p.opts.Footer {
		if !strings.Contains(squeeze(shown.String()), squeeze(want)) && !p.linksTo(want) {
			p.add("mail-footer", "", "Text", want)
		}
	}
}

// squeeze leaves out all blanks: an address may be broken into lines anywhere.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

func (p *page) linksTo(target string) bool {
	return slices.ContainsFunc(p.links(), func(a *html.Node) bool { return attr(a, "href") == target })
}
