package mailrules

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// textPart is the text part, beside the HTML part whose words it must say.
type textPart struct {
	*findings
	opts  Options
	text  string
	lines []string
	page  *page  // nil where there is no HTML part
	said  string // by the HTML part
}

func newTextPart(f *findings, text, page []byte, o Options) *textPart {
	t := &textPart{findings: f, opts: o, text: string(text), lines: strings.Split(string(text), "\n")}
	if parsed, ok := newPage(&findings{}, page, o); ok && len(page) > 0 {
		t.page = parsed
		if parsed.body != nil {
			t.said = parsed.said()
		}
	}
	return t
}

// missingShare is the share of words the text part may lack: signs and
// labels that only the layout needs.
const missingShare = 0.05

func checkTextWords(t *textPart) {
	if strings.TrimSpace(t.text) == "" {
		t.add("mail-text-words", "", "Missing", "")
		return
	}
	here, missing := words(t.text), []string{}
	wanted := words(t.said)
	for _, w := range wanted {
		if _, found := slices.BinarySearch(here, w); !found {
			missing = append(missing, w)
		}
	}
	if float64(len(missing)) > missingShare*float64(len(wanted)) {
		t.add("mail-text-words", "", "Missing", strings.Join(missing[:min(len(missing), 10)], ", "))
	}
}

// inline are the tags that do not end a word.
var inline = []string{"a", "b", "code", "del", "em", "i", "span", "strong", "sub", "sup", "u"}

// said is what a reader of the page reads, images by their alternative.
func (p *page) said() string {
	var b strings.Builder
	for n := range p.body.Descendants() {
		switch {
		case p.hidden(n):
		case n.Type == html.TextNode:
			b.WriteString(n.Data)
		case n.Type == html.ElementNode && !slices.Contains(inline, n.Data):
			b.WriteString(" " + attr(n, "alt") + " ")
		}
	}
	return b.String()
}

// words lists the words of four letters and more, lower case, each once,
// sorted; shorter ones are everywhere.
func words(s string) []string {
	list := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) })
	list = slices.DeleteFunc(list, func(w string) bool { return utf8.RuneCountInString(w) < 4 })
	slices.Sort(list)
	return slices.Compact(list)
}

// checkTextLinks wants every target of the HTML part in the text part too.
func checkTextLinks(t *textPart) {
	if t.page == nil {
		return
	}
	for _, a := range t.page.links() {
		target := attr(a, "href")
		if address, ok := strings.CutPrefix(target, "mailto:"); ok {
			target, _, _ = strings.Cut(address, "?")
		}
		if !strings.HasPrefix(target, "#") && !strings.Contains(t.text, target) {
			t.add("mail-text-links", target, "Target", shorten(target))
		}
	}
}

const textWidth = 76 // columns; replies add "> " and stay within 80

var (
	// marker is what a line begins with before its first word.
	marker = regexp.MustCompile(`^(?:\s|>|[-–*•☐☑]\s|\d+[.)]\s|\[\d+\]:?\s)*`)
	entity = regexp.MustCompile(`&(?:nbsp|amp|lt|gt|quot|laquo|raquo|#\d+|#x[0-9a-fA-F]+);`)
	markup = regexp.MustCompile(`</?(?:p|div|span|br|a|td|tr|table|strong|em|h[1-6]|img)(?: [^<>]*)?/?>`)
)

func checkTextLines(t *textPart) {
	for i, line := range t.lines {
		if strings.Contains(line, narrowSpace) {
			t.addLine(i+1, "mail-text-space", line)
		}
		if strings.HasPrefix(line, "    ") {
			continue // code and tables stay as they are
		}
		if t.leaks(entity, line) || t.leaks(markup, line) {
			t.addLine(i+1, "mail-text-markup", line)
		}
		if n := utf8.RuneCountInString(line); n > textWidth && breakable(line) {
			t.addLine(i+1, "mail-text-width", line, "Length", n, "Limit", textWidth)
		}
	}
}

// leaks reports HTML in a line that readers of the HTML part do not read too:
// what they read is the author's, who writes about HTML.
func (t *textPart) leaks(code *regexp.Regexp, line string) bool {
	return slices.ContainsFunc(code.FindAllString(line, -1), func(found string) bool { return !strings.Contains(t.said, found) })
}

// breakable reports a line of two words or more: a URL alone has to be long,
// and no-break spaces join what they stand between.
func breakable(line string) bool {
	return strings.Contains(strings.TrimRight(line[len(marker.FindString(line)):], " "), " ")
}

// checkTextSignature wants the footer behind "-- ", which programs leave out
// of replies (RFC 3676 §4.3).
func checkTextSignature(t *textPart) {
	if !slices.Contains(t.lines, "-- ") {
		t.add("mail-text-footer", "")
	}
}

func checkTextFooter(t *textPart) {
	if t.opts.Unsubscribe != "" && !strings.Contains(t.text, t.opts.Unsubscribe) {
		t.add("mail-footer-unsubscribe", "", "Target", t.opts.Unsubscribe)
	}
	for _, want := range t.opts.Footer {
		if !strings.Contains(squeeze(t.text), squeeze(want)) {
			t.add("mail-footer", "", "Text", want)
		}
	}
}
