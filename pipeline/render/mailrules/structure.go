package mailrules

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/text/language"

	"github.com/infolettre/infolettre/pipeline/render/typography"
)

// H1

func checkDoctype(p *page) {
	first := p.root.FirstChild
	for first != nil && first.Type == html.CommentNode {
		first = first.NextSibling
	}
	if first == nil || first.Type != html.DoctypeNode || first.Data != "html" || len(first.Attr) > 0 {
		p.add("mail-doctype", "")
	}
}

func checkLanguages(p *page) {
	root := p.elements("html")[0]
	p.checkLanguage(root)
	articles := 0
	for _, n := range within(root) {
		if attr(n, "role") == "article" {
			articles++
			if attr(n, "lang") != attr(root, "lang") || attr(n, "dir") != attr(root, "dir") {
				p.add("mail-article", tag(n))
			}
		}
		if lang, ok := attribute(n, "lang"); ok && !validLanguage(lang) {
			p.add("mail-block-lang", tag(n), "Value", lang)
		}
	}
	if articles == 0 {
		p.add("mail-article", "")
	}
}

// checkLanguage judges the language and direction of the whole mail.
func (p *page) checkLanguage(root *html.Node) {
	lang := attr(root, "lang")
	if !validLanguage(lang) || p.opts.Locale != "" && !strings.EqualFold(lang, p.opts.Locale) {
		p.add("mail-lang", tag(root), "Value", lang, "Locale", p.opts.Locale)
	}
	if attr(root, "dir") != typography.Direction(lang) {
		p.add("mail-dir", tag(root), "Value", typography.Direction(lang))
	}
}

func validLanguage(code string) bool {
	_, err := language.Parse(code)
	return err == nil && !strings.Contains(code, "_")
}

// H2

// metas are the tags of <head> and what their content must hold.
var metas = []struct{ name, content string }{
	{"viewport", "width=device-width"},
	{"x-apple-disable-message-reformatting", ""},
	{"format-detection", "telephone=no"},
	{"color-scheme", "light dark"},
	{"supported-color-schemes", "light dark"},
}

func checkMetas(p *page) {
	contents := map[string]string{}
	for _, n := range p.elements("meta") {
		if charset := attr(n, "charset"); charset != "" {
			contents["charset"] = strings.ToLower(charset)
		}
		if name, ok := attribute(n, "name"); ok {
			contents[strings.ToLower(name)] = collapse(attr(n, "content"))
		}
	}
	if contents["charset"] != "utf-8" {
		p.add("mail-meta", "", "Name", "charset")
	}
	for _, m := range metas {
		content, ok := contents[m.name]
		if !ok || !strings.Contains(content, m.content) {
			p.add("mail-meta", content, "Name", m.name)
		}
	}
	settings := slices.ContainsFunc(p.outlookTags(), func(t html.Token) bool { return t.Data == "o:officedocumentsettings" })
	if !settings {
		p.add("mail-office-settings", "")
	}
}

// H3

func checkTitle(p *page) {
	title := ""
	if titles := p.elements("title"); len(titles) > 0 {
		title = strings.TrimSpace(text(titles[0]))
	}
	if title == "" || p.opts.Subject != "" && title != strings.TrimSpace(p.opts.Subject) {
		p.add("mail-title", title, "Title", title, "Subject", p.opts.Subject)
	}
}

// H4

func checkTables(p *page) {
	for _, table := range p.elements("table") {
		headers := ownCells(table)
		switch {
		case layout(attr(table, "role")):
			if !bare(func(name string) string { return attr(table, name) }) {
				p.add("mail-table-attributes", tag(table))
			}
			if len(headers) > 0 {
				p.add("mail-table-layout-headers", tag(table))
			}
		case len(headers) == 0 || attr(table, "role") != "":
			p.add("mail-table-role", tag(table))
		default:
			p.checkScopes(headers)
		}
	}
	for _, t := range p.outlookTags() {
		if t.Data != "table" {
			continue
		}
		if !layout(tokenAttr(t, "role")) {
			p.add("mail-table-role", t.String())
		} else if !bare(func(name string) string { return tokenAttr(t, name) }) {
			p.add("mail-table-attributes", t.String())
		}
	}
}

func (p *page) checkScopes(headers []*html.Node) {
	for _, th := range headers {
		if scope := attr(th, "scope"); scope != "col" && scope != "row" {
			p.add("mail-table-scope", tag(th))
		}
	}
}

// ownCells lists the header cells of a table, not those of tables within it.
func ownCells(table *html.Node) []*html.Node {
	return slices.DeleteFunc(within(table, "th"), func(th *html.Node) bool { return ancestor(th, "table") != table })
}

func ancestor(n *html.Node, names ...string) *html.Node {
	for n = n.Parent; n != nil; n = n.Parent {
		if slices.Contains(names, n.Data) {
			return n
		}
	}
	return nil
}

func layout(role string) bool { return role == "presentation" || role == "none" }

// bare reports a table without the spaces and lines browsers add.
func bare(attribute func(name string) string) bool {
	return attribute("border") == "0" && attribute("cellpadding") == "0" && attribute("cellspacing") == "0"
}

// H5

const mailWidth = 600 // px

func checkWidth(p *page) {
	fluid := slices.ContainsFunc(p.elements("table"), func(t *html.Node) bool {
		width, ok := pixels(p.style(t, "max-width"))
		return ok && width <= mailWidth
	})
	if !fluid {
		p.add("mail-width", "", "Width", mailWidth)
	}
	ghost := slices.ContainsFunc(p.outlookTags(), func(t html.Token) bool {
		return t.Data == "table" && tokenAttr(t, "width") == strconv.Itoa(mailWidth)
	})
	if !ghost {
		p.add("mail-ghost-table", "", "Width", mailWidth)
	}
}

func pixels(value string) (int, bool) {
	n, err := strconv.ParseFloat(strings.TrimSuffix(value, "px"), 64)
	return int(n), err == nil
}

var (
	revealedStart = regexp.MustCompile(`^\[if [^\]]+\]>(?:<!|<!--)?\s*$`)
	revealedEnd   = regexp.MustCompile(`^\s*<!\[endif\]$`)
)

// checkConditionals wants each [if] ended: hidden ones within their own
// comment, revealed ones (<!--[if !mso]><!-->) by a later comment.
func checkConditionals(p *page) {
	open := 0
	for _, c := range p.comments() {
		hidden := hiddenConditional.FindStringSubmatch(c.Data)
		switch {
		case hidden != nil && !strings.Contains(hidden[2], "[if ") && !strings.Contains(hidden[2], "[endif]"):
		case revealedStart.MatchString(c.Data):
			open++
		case revealedEnd.MatchString(c.Data) && open > 0:
			open--
		case strings.Contains(c.Data, "[if") || strings.Contains(c.Data, "[endif]"):
			p.add("mail-conditional", "<!--"+c.Data+"-->")
		}
	}
	if open > 0 {
		p.add("mail-conditional", "")
	}
}

var (
	hiddenBlock   = regexp.MustCompile(`(?s)<!--\[if ([^\]]+)\]>(.*?)<!\[endif\]-->`)
	revealedBlock = regexp.MustCompile(`(?s)<!--\[if !mso\]>(?:<!-->|<!-- -->|-->)(.*?)<!--<!\[endif\]-->`)
)

// checkBalance reads the source twice, as Outlook and as everybody else: what
// one of them opens, it must close.
func checkBalance(p *page) {
	others := hiddenBlock.ReplaceAllString(revealedBlock.ReplaceAllString(p.source, "$1"), "")
	outlook := hiddenBlock.ReplaceAllStringFunc(revealedBlock.ReplaceAllString(p.source, ""), func(block string) string {
		m := hiddenBlock.FindStringSubmatch(block)
		if !(conditional{m[1], m[2]}).outlook() {
			return ""
		}
		return m[2]
	})
	for _, source := range []string{others, outlook} {
		if name, ok := balanced(source); !ok {
			p.add("mail-unbalanced", "<"+name+">", "Tag", name)
		}
	}
}

var void = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

// balanced gives the first tag that is closed out of turn, or never.
func balanced(source string) (name string, ok bool) {
	var open []string
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		kind := z.Next()
		raw, _ := z.TagName()
		name := string(raw)
		switch {
		case kind == html.ErrorToken && len(open) > 0:
			return open[len(open)-1], false
		case kind == html.ErrorToken:
			return "", true
		case slices.Contains(void, name):
		case kind == html.StartTagToken:
			open = append(open, name)
		case kind == html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != name {
				return name, false
			}
			open = open[:len(open)-1]
		}
	}
}

// H10

func checkHeadings(p *page) {
	previous, firsts := 0, 0
	for _, h := range p.elements("h1", "h2", "h3", "h4", "h5", "h6") {
		level := int(h.Data[1] - '0')
		if level == 1 {
			firsts++
		}
		if level > previous+1 {
			p.add("mail-heading-skip", name(h), "Level", level, "Previous", previous)
		}
		if name(h) == "" {
			p.add("mail-heading-empty", tag(h))
		}
		previous = level
	}
	if firsts != 1 {
		p.add("mail-h1", "", "Found", firsts)
	}
}

// H14

var sectioning = []string{
	"article", "aside", "details", "dialog", "figcaption", "figure", "footer", "header", "hgroup", "main", "menu", "nav",
	"section", "summary", "template",
}

func checkPlainTags(p *page) {
	for _, n := range p.elements(sectioning...) {
		p.add("mail-sectioning", tag(n), "Tag", n.Data)
	}
	for _, n := range p.elements("pre") {
		if p.style(n, "white-space") != "pre-wrap" {
			p.add("mail-code-wrap", tag(n))
		}
	}
	for _, n := range p.elements("a") {
		if strings.HasPrefix(attr(n, "href"), "#") {
			p.add("mail-link-anchor", tag(n))
		}
	}
}

// H15

const (
	sizeLimit  = 102_000 // bytes; Gmail cuts what follows 102 KB
	sizeAdvice = 90_000
)

func checkSize(p *page) {
	switch size := len(p.source); {
	case size >= sizeLimit:
		p.add("mail-size", "", "Size", size/1000, "Limit", sizeLimit/1000)
	case size >= sizeAdvice:
		p.add("mail-size-near", "", "Size", size/1000, "Limit", sizeLimit/1000)
	}
}
