package mailrules

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// H11

// imageFormats are what every mail program draws; a path without extension
// tells nothing and passes.
var imageFormats = []string{"", ".png", ".jpg", ".jpeg", ".gif"}

func checkImages(p *page) {
	for _, img := range p.elements("img") {
		src := strings.TrimSpace(attr(img, "src"))
		if !secure(src) {
			p.add("mail-image-source", tag(img), "Source", shorten(src))
		} else if u, err := url.Parse(src); err == nil && !slices.Contains(imageFormats, extension(u.Path)) {
			p.add("mail-image-format", tag(img), "Source", src)
		}
		if !positive(attr(img, "width")) || !positive(attr(img, "height")) {
			p.add("mail-image-size", tag(img), "Source", shorten(src))
		}
		if _, ok := attribute(img, "alt"); !ok {
			p.add("mail-image-alt", tag(img), "Source", shorten(src))
		}
		for _, want := range []declaration{{property: "display", value: "block"}, {property: "max-width", value: "100%"}, {property: "height", value: "auto"}} {
			if p.style(img, want.property) != want.value {
				p.add("mail-image-style", tag(img), "Declaration", want.property+": "+want.value)
			}
		}
	}
}

// extension is "" for a last element that merely has a dot in it.
func extension(p string) string {
	ext := strings.ToLower(path.Ext(p))
	if len(ext) > 5 {
		return ""
	}
	return ext
}

var number = regexp.MustCompile(`^[1-9][0-9]{0,4}$`)

func positive(attribute string) bool { return number.MatchString(attribute) }

// H18

// pixelSide is the side, in px, up to which an image can only be there to be fetched.
const pixelSide = 2

func checkPrivacy(p *page) {
	for _, img := range p.elements("img") {
		if tiny(attr(img, "width")) || tiny(attr(img, "height")) || tiny(p.style(img, "width")) || tiny(p.style(img, "height")) || p.hidden(img) {
			p.add("mail-pixel", tag(img))
		}
	}
	for _, n := range p.elements() {
		if _, ok := attribute(n, "background"); ok || remoteTag(n) {
			p.add("mail-remote", tag(n))
		}
		for _, d := range p.styles[n] {
			p.checkRemote(d, func() string { return tag(n) })
		}
	}
	for _, r := range p.sheet {
		if strings.HasPrefix(r.selector, "@import") {
			p.add("mail-remote", r.selector)
		}
		for _, d := range r.declarations {
			p.checkRemote(d, func() string { return r.selector })
		}
	}
	for _, t := range p.outlookTags() {
		if tokenAttr(t, "src") != "" {
			p.add("mail-remote", t.String())
		}
	}
}

func (p *page) checkRemote(d declaration, where func() string) {
	if strings.Contains(d.value, "url(") {
		p.add("mail-remote", where())
	}
}

// tiny reports a length of a pixel or two, never the "auto" of a fluid image.
func tiny(length string) bool {
	n, ok := pixels(length)
	return ok && n <= pixelSide
}

func remoteTag(n *html.Node) bool {
	_, srcset := attribute(n, "srcset")
	_, ping := attribute(n, "ping")
	return srcset || ping || n.Data == "link"
}

// What else SpamAssassin punishes in a page.

// imageWords is the number of different words below which pictures speak for the text.
const imageWords = 10

// split is a Latin word with something invisible in it, as spammers write.
var split = regexp.MustCompile(`\p{Latin}[\x{200B}\x{200C}\x{2060}\x{FEFF}]+\p{Latin}`)

func checkSpamSigns(p *page) {
	seen := 0
	for _, t := range p.texts() {
		if p.hidden(t) {
			continue
		}
		seen += len(words(t.Data))
		if split.MatchString(t.Data) {
			p.add("mail-zero-width", collapse(t.Data))
		}
	}
	if seen < imageWords && len(p.elements("img")) > 0 {
		p.add("mail-image-only", "")
	}
}
