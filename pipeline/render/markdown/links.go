package markdown

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"

	"github.com/infolettre/infolettre/pipeline/loopback"
	"github.com/infolettre/infolettre/pipeline/render/link"
)

func (d *document) noteLink(n *ast.Link) {
	r := d.resolve(Link, n.Destination)
	text := plain(n, d.source)
	if r.finding != nil {
		d.add(*r.finding, n)
		return
	}
	d.accept(n, r.target, text)
	switch {
	case isButton(n) && !isAlone(n):
		d.find(n, "button-not-alone", "Text", text)
	case text == "":
		d.find(n, "link-without-text", "URL", shorten(r.target.URL, 80))
	case link.Vague(text):
		d.find(n, "link-vague", "Text", text)
	case disagrees(text, r.host):
		d.find(n, "link-mismatch", "Text", shorten(text, 80), "Host", r.host)
	}
}

func (d *document) noteAutoLink(n *ast.AutoLink) {
	dest := n.URL(d.source)
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(string(dest)), "mailto:") {
		dest = append([]byte("mailto:"), dest...)
	}
	target, finding := d.options.target(Link, string(dest)) // no escapes inside an autolink
	if finding != nil {
		d.add(*finding, n)
		return
	}
	d.accept(n, target, string(n.Label(d.source)))
}

func (d *document) accept(n ast.Node, target Target, text string) {
	d.targets[n] = target
	d.links = append(d.links, LinkRef{Text: text, URL: target.URL, Line: d.line(n)})
}

func (d *document) noteImage(n *ast.Image) {
	r := d.resolve(Image, n.Destination)
	if r.finding != nil {
		d.add(*r.finding, n)
		return
	}
	target := r.target
	if target.Width <= 0 || target.Height <= 0 {
		d.find(n, "image-size", "URL", shorten(target.URL, 80), "Width", d.options.Width)
	}
	alt := plain(n, d.source)
	if alt == "" {
		d.find(n, "image-alt", "URL", shorten(unescape(n.Destination), 80))
	}
	d.targets[n] = target
	d.images = append(d.images, ImageRef{Alt: alt, URL: target.URL, Line: d.line(n)})
}

func (d *document) resolve(kind Kind, raw []byte) resolution {
	if r, ok := d.resolved[destination{kind, string(raw)}]; ok {
		return r
	}
	var r resolution
	r.target, r.finding = d.options.target(kind, unescape(raw))
	if u, err := url.Parse(r.target.URL); err == nil {
		r.host = u.Hostname()
	}
	d.resolved[destination{kind, string(raw)}] = r
	return r
}

// target judges a destination and makes it fit for an attribute: absolute
// ones here, relative ones by the Resolver.
func (o *Options) target(kind Kind, dest string) (Target, *Finding) {
	dest = strings.Trim(dest, " ")
	switch {
	case dest == "":
		return Target{}, &Finding{ID: "link-empty"}
	case kind == Link && dest[0] == '#':
		return Target{}, refuse("link-anchor", dest)
	case strings.ContainsFunc(dest, neverInURL), strings.HasPrefix(dest, "//"):
		return Target{}, unsafe(kind, dest)
	}
	escaped := string(util.URLEscape([]byte(dest), false))
	u, err := url.Parse(escaped)
	if err != nil {
		return Target{}, unsafe(kind, dest)
	}
	if u.Scheme == "" {
		return o.Resolve(kind, dest)
	}
	escaped, ok := withASCIIHost(u, escaped)
	if !ok {
		return Target{}, unsafe(kind, dest)
	}
	if kind == Image {
		return absoluteImage(u, escaped)
	}
	return absoluteLink(u, escaped)
}

// neverInURL reports the characters that browsers drop from an address or
// read as a slash, and so hide where it leads.
func neverInURL(r rune) bool { return isControl(r) || r == '\t' || r == '\n' || r == '\\' }

// withASCIIHost gives an address the host that the DNS knows; few mail
// programs make it of été.fr themselves.
func withASCIIHost(u *url.URL, escaped string) (address string, ok bool) {
	host, ok := link.ASCII(u.Hostname())
	if !ok || host == u.Hostname() {
		return escaped, ok
	}
	scheme, rest, _ := strings.Cut(escaped, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[end:]
	} else {
		rest = ""
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	return scheme + "://" + host + rest, true
}

func absoluteLink(u *url.URL, escaped string) (Target, *Finding) {
	switch u.Scheme {
	case "http", "https":
		// A user name before the host serves only to pass for another site.
		if u.Hostname() == "" || u.User != nil {
			return Target{}, unsafe(Link, escaped)
		}
	case "mailto", "tel":
		if u.Opaque == "" {
			return Target{}, unsafe(Link, escaped)
		}
	default:
		return Target{}, unsafe(Link, escaped)
	}
	return Target{URL: escaped}, nil
}

func absoluteImage(u *url.URL, escaped string) (Target, *Finding) {
	secure := u.Scheme == "https" || u.Scheme == "http" && loopback.Named(u.Hostname())
	switch {
	case u.Hostname() == "" || u.User != nil:
		return Target{}, unsafe(Image, escaped)
	case u.Scheme == "http" && !secure:
		return Target{}, refuse("image-insecure", escaped)
	case !secure:
		return Target{}, unsafe(Image, escaped)
	case slices.Contains([]string{".webp", ".svg", ".avif", ".tif", ".tiff", ".bmp"}, strings.ToLower(path.Ext(u.Path))):
		return Target{}, refuse("image-format", escaped)
	}
	return Target{URL: escaped}, nil
}

func unsafe(kind Kind, dest string) *Finding {
	if kind == Image {
		return refuse("image-refused", dest)
	}
	return refuse("link-refused", dest)
}

func refuse(id, dest string) *Finding {
	return &Finding{ID: id, Args: map[string]any{"URL": shorten(dest, 80)}}
}

// shownHost recognises a link text that itself looks like an address. A bare
// name must end in a common domain: "notes.md" is a file.
var shownHost = regexp.MustCompile(`^(?i)(?:https?://([^\s/?#:]+)|((?:[\pL\pN-]+\.)+(?:fr|com|org|net|eu|be|ch|ca|de|uk|info)))(?::\d+)?(?:[/?#]\S*)?$`)

// disagrees reports a text that shows one host while the link leads to
// another.
func disagrees(text, host string) bool {
	if host == "" || !strings.Contains(text, ".") {
		return false
	}
	m := shownHost.FindStringSubmatch(strings.TrimSpace(text))
	return m != nil && !link.SameHost(m[1]+m[2], host)
}

// isButton reports a link that the author titled "bouton" or "button".
func isButton(link *ast.Link) bool {
	title := strings.ToLower(strings.TrimSpace(string(link.Title)))
	return title == "bouton" || title == "button"
}

// isAlone reports a link that is its paragraph's only content.
func isAlone(n *ast.Link) bool {
	return n.Parent().Kind() == ast.KindParagraph && only(n.Parent()) == n
}

// loneButton is the button that is a paragraph's only content.
func loneButton(paragraph ast.Node) *ast.Link {
	link, ok := only(paragraph).(*ast.Link)
	if !ok || !isButton(link) {
		return nil
	}
	return link
}

// loneImage is the image, linked or not, that is a paragraph's only content.
func loneImage(paragraph ast.Node) *ast.Image {
	n := only(paragraph)
	if link, ok := n.(*ast.Link); ok {
		n = only(link)
	}
	image, _ := n.(*ast.Image)
	return image
}

// only is a node's child when it has just one.
func only(parent ast.Node) ast.Node {
	first := parent.FirstChild()
	if first == nil || first.NextSibling() != nil {
		return nil
	}
	return first
}
