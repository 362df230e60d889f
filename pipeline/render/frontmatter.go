package render

import (
	"errors"
	"html/template"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/render/markdown"
	"github.com/infolettre/infolettre/pipeline/render/typography"
)

// rules are the typography of an entry's language, nil for none.
func (ed *edition) rules(e content.Entry) *typography.Rules {
	if e.Plain {
		return nil
	}
	return ed.rulesOf(e.Lang)
}

// rulesOf are the typography of a language, nil for none. "fr" read in fr-CA
// follows the usage of fr-CA.
func (ed *edition) rulesOf(lang string) *typography.Rules {
	if strings.HasPrefix(ed.locale, lang+"-") {
		lang = ed.locale
	}
	rules, _ := typography.New(lang, ed.config.Typography)
	return rules
}

func (ed *edition) phrase(rules *typography.Rules, s string) phrase {
	s = oneLine(s)
	raised := strings.ReplaceAll(rules.HTML(s), "<sup>", "<sup "+ed.theme.Attr("sup")+">")
	return phrase{rules.Text(s), template.HTML(raised)}
}

// oneLine makes a front matter value a single line without control
// characters, which could break a header or turn a text around.
func oneLine(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	fields := strings.FieldsFunc(s, func(r rune) bool {
		return r == ' ' || unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.Join(fields, " "))
}

// frontMatter converts Markdown of our own making.
func frontMatter(c *markdown.Converter, source string) markdown.Fragment {
	fragment, err := c.Convert(source)
	if refusal := (*markdown.Refusal)(nil); errors.As(err, &refusal) {
		fragment.Findings = []markdown.Finding{refusal.Finding}
	}
	return fragment
}

// imageSource and buttonSource write front matter as the Markdown that draws
// the same, "" when there is none.
func imageSource(image content.Image, rules *typography.Rules) string {
	if image.Src == "" {
		return ""
	}
	return "![" + literal(rules.Text(oneLine(image.Alt))) + "](" + destination(image.Src) + ")"
}

func buttonSource(cta content.CTA, rules *typography.Rules, subscribe string) string {
	if cta.Label == "" {
		return ""
	}
	url := cta.URL
	if url == "" {
		url = subscribe
	}
	return "[" + literal(rules.Text(oneLine(cta.Label))) + "](" + destination(url) + ` "bouton")`
}

// literal escapes every sign that Markdown could take as its own.
func literal(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < utf8.RuneSelf && unicode.In(r, unicode.Punct, unicode.Symbol) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func destination(url string) string { return "<" + literal(oneLine(url)) + ">" }
