package content

import (
	"regexp"
	"strings"
	"unicode"
)

// settleTitle sees to it that the entry has a title and that the body does
// not show it a second time: a first-level heading that stands in for the
// title, or opens the body with the same words, is taken out. What is left
// keeps its line numbers.
func (p *parser) settleTitle(place place) {
	e := &p.entry
	lines := strings.Split(e.Body, "\n")
	h, found := firstHeading(lines, e.Title != "")
	switch {
	case found && (e.Title == "" || sameWords(e.Title, h.text)):
		if e.Title == "" {
			e.Title, e.Lines["title"] = h.text, e.BodyLine+h.from
		}
		for i := h.from; i < h.to; i++ {
			lines[i] = ""
		}
		e.Body = strings.Join(lines, "\n")
	case e.Title == "":
		p.makeTitle(lines, place)
	}
	for {
		line, rest, more := strings.Cut(e.Body, "\n")
		if !more || strings.TrimSpace(line) != "" {
			return
		}
		e.Body, e.BodyLine = rest, e.BodyLine+1
	}
}

// makeTitle takes the first words or, of a picture alone, those of the file's name.
func (p *parser) makeTitle(lines []string, place place) {
	id := "title-from-text"
	title := firstWords(lines)
	if title == "" && place.slug != "" {
		id = "title-from-name"
		title = strings.ToUpper(place.slug[:1]) + strings.ReplaceAll(place.slug[1:], "-", " ")
	}
	if title == "" {
		p.refuse("title-missing", p.fence, nil)
		return
	}
	p.entry.Title = title
	p.warn(id, p.fence, map[string]any{"Title": title})
}

// heading is a first-level heading on lines [from, to).
type heading struct {
	text     string
	from, to int
}

var (
	atx       = regexp.MustCompile(`^ {0,3}#[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$`)
	underline = regexp.MustCompile(`^ {0,3}=+[ \t]*$`)
	paragraph = regexp.MustCompile(`^ {0,3}[^\s#>]`)
)

// firstHeading finds "# Title", or a line with "===" under it, outside code
// blocks; leading: with nothing but blank lines before it.
func firstHeading(lines []string, leading bool) (h heading, found bool) {
	var code codeBlock
	for i, line := range lines {
		if leading && i > 0 && strings.TrimSpace(lines[i-1]) != "" {
			break
		}
		if code.holds(line) {
			continue
		}
		h.from, h.to = i, i+1
		if m := atx.FindStringSubmatch(line); m != nil {
			h.text = plain(withoutResidues(m[1]))
		} else if i+1 < len(lines) && underline.MatchString(lines[i+1]) && paragraph.MatchString(line) &&
			(i == 0 || strings.TrimSpace(lines[i-1]) == "") {
			h.text, h.to = plain(withoutResidues(line)), i+2
		}
		if h.text != "" {
			return h, true
		}
	}
	return heading{}, false
}

// sameWords compares titles as a reader does: apostrophes, spaces and capitals aside.
func sameWords(a, b string) bool { return bare(a) == bare(b) }

func bare(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '’':
			return '\''
		case unicode.IsSpace(r):
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

var (
	blockTag = regexp.MustCompile(`^(?:[#>\s]+|(?:[\-*+]|\d{1,9}[.)])\s+)+`)
	tag      = regexp.MustCompile(`<!--.*?-->|</?\pL[^<>]*>`)
	inline   = []*regexp.Regexp{ // each keeps its group
		regexp.MustCompile("`+([^`]+)`+"),
		regexp.MustCompile(`!?\[([^\[\]]*)\]\([^()]*\)`),
		regexp.MustCompile(`\*+([^*\s](?:[^*]*[^*\s])?)\*+`),
		regexp.MustCompile(`\b_+([^_\s](?:[^_]*[^_\s])?)_+\b`),
		regexp.MustCompile(`~~([^~\s](?:[^~]*[^~\s])?)~~`),
	}
)

// plain takes the marks of code, links and emphasis off one line of Markdown.
// It serves titles, which go into a Subject; the body is goldmark's business.
func plain(s string) string {
	s = hideEscaped.Replace(s)
	for range 2 { // emphasis inside emphasis, or in a link
		for _, form := range inline {
			s = form.ReplaceAllString(s, "$1")
		}
	}
	return strings.TrimSpace(showEscaped.Replace(s))
}

// hideEscaped puts escaped signs out of the way of the marks: each becomes one
// of the control characters from U+0080 on, of which checkText has left none.
// There are 32 of both (CommonMark 2.4).
var hideEscaped, showEscaped = func() (hide, show *strings.Replacer) {
	var there []string
	back := []string{"\t", " "}
	for i, sign := range strings.Split("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "") {
		hidden := string(rune(0x80 + i))
		there, back = append(there, `\`+sign, hidden), append(back, hidden, sign)
	}
	return strings.NewReplacer(there...), strings.NewReplacer(back...)
}()

// firstWords makes a title of the first line that has words, cut at a word.
func firstWords(lines []string) string {
	const most = 60
	for _, line := range lines {
		text := []rune(plain(blockTag.ReplaceAllString(tag.ReplaceAllString(withoutResidues(line), ""), "")))
		if !strings.ContainsFunc(string(text), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			continue
		}
		if len(text) <= most {
			return string(text)
		}
		cut := most
		for cut > most/2 && text[cut] != ' ' {
			cut--
		}
		return strings.TrimRight(string(text[:cut]), " ,;:") + "…"
	}
	return ""
}
