package content

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Lengths, in characters, beyond which a line is a paragraph, not what it might have been.
const (
	longestTitle = 200
	longestCTA   = 120
)

// Import reads a plain editorial as authors send it, in UTF-8 or Windows-1252:
// first line its date, then a title, paragraphs, and perhaps a closing call to
// action. Its Markdown renders as the text was typed.
// With a problem of severity Error there is nothing to use. The problems name
// no file: the caller knows where the text came from.
func Import(text []byte, o Options) (File, []Problem) {
	p := &parser{options: o.WithDefaults()}
	if len(text) > maxFile {
		p.refuse("file-too-large", 0, map[string]any{"Limit": maxFile / 1000})
		return File{}, p.problems
	}
	decoded, ok := p.decode(normalise(text))
	if ok {
		decoded, ok = p.checkText(lineBreaks.Replace(decoded))
	}
	if !ok {
		return File{}, p.problems
	}
	file := p.editorial(strings.Split(decoded, "\n"))
	if refused(p.problems) {
		return File{}, p.problems
	}
	return file, p.problems
}

// lineBreaks are Unicode's own, which word processors leave in pasted text.
var lineBreaks = strings.NewReplacer("\u2028", "\n", "\u2029", "\n\n")

func (p *parser) editorial(lines []string) File {
	at := skipBlank(lines, 0)
	m, ok := p.dateLine(lines, at)
	if !ok {
		return File{}
	}
	im := File{Date: m.wall(p.options.Location), HasClock: m.clock, Lang: p.options.Languages[0]}
	if l := nearest(m.lang, p.options.Languages); m.lang != "" && l != "" {
		im.Lang = l
	}
	dated := at
	at = skipBlank(lines, at+1)
	if at == len(lines) {
		p.refuse("import-title", dated+1, nil)
		return File{}
	}
	if utf8.RuneCountInString(lines[at]) > longestTitle {
		p.refuse("import-title", at+1, nil)
		return File{}
	}
	im.Title = strings.TrimSpace(strings.ReplaceAll(lines[at], "\t", " "))
	paragraphs := paragraphsOf(lines, at+1)
	if len(paragraphs) == 0 {
		p.warn("body-empty", 0, nil)
		return im
	}
	paragraphs, im.CTA = p.splitCTA(paragraphs)
	im.Body = markdown(paragraphs)
	return im
}

func skipBlank(lines []string, i int) int {
	for i < len(lines) && strings.TrimSpace(lines[i]) == "" {
		i++
	}
	return i
}

func (p *parser) dateLine(lines []string, at int) (m moment, ok bool) {
	if at == len(lines) {
		p.refuse("import-date", 1, map[string]any{"Value": ""})
		return m, false
	}
	value := map[string]any{"Value": shown(strings.TrimSpace(lines[at]))}
	if m, ok = parseLooseDate(lines[at]); !ok {
		p.refuse("import-date", at+1, value)
		return m, false
	}
	if fault := m.fault(); fault != "" {
		p.refuse(fault, at+1, value)
		return m, false
	}
	if day, named := weekdayOf(m.weekday); named && day != m.wall(time.UTC).Weekday() {
		p.warn("import-weekday", at+1, value)
	}
	return m, true
}

// block is a paragraph: its trimmed lines and where it begins.
type block struct {
	lines []string
	line  int
}

func (b block) last() string { return b.lines[len(b.lines)-1] }

func paragraphsOf(lines []string, from int) (blocks []block) {
	open := false
	for i, line := range lines[from:] {
		line = strings.Trim(line, " \t")
		if strings.TrimSpace(line) == "" {
			open = false
			continue
		}
		if !open {
			blocks, open = append(blocks, block{line: from + i + 1}), true
		}
		b := &blocks[len(blocks)-1]
		b.lines = append(b.lines, line)
	}
	return blocks
}

// splitCTA takes the closing call to action off the last paragraph. It is the
// short line after that paragraph's only line break, or a short paragraph of
// its own that calls. A line that a mail program wrapped is neither, so where
// lines are broken elsewhere too it must call. In doubt, the text stays whole
// and the author is told.
func (p *parser) splitCTA(blocks []block) ([]block, CTA) {
	last := &blocks[len(blocks)-1]
	line := last.last()
	if utf8.RuneCountInString(line) > longestCTA {
		return blocks, CTA{}
	}
	above := ""
	if n := len(last.lines); n > 1 {
		above = last.lines[n-2]
	}
	switch {
	case above == "" && len(blocks) > 1 && calls(line):
		return blocks[:len(blocks)-1], ctaOf(line)
	case above != "" && endsSentence(above) && (calls(line) || !wrapped(blocks)):
		last.lines = last.lines[:len(last.lines)-1]
		return blocks, ctaOf(line)
	case len(blocks) > 1 || above != "" && endsSentence(above):
		p.warn("import-cta-doubt", last.line+len(last.lines)-1, map[string]any{"Value": shown(line)})
	}
	return blocks, CTA{}
}

// wrapped reports line breaks other than the one before the last line.
func wrapped(blocks []block) bool {
	for _, b := range blocks[:len(blocks)-1] {
		if len(b.lines) > 1 {
			return true
		}
	}
	return len(blocks[len(blocks)-1].lines) > 2
}

func endsSentence(line string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(line, "»”\"')] \u00A0\u202F"))
	return strings.ContainsRune(".!?…:", r)
}

// callWords begin a call to action without being a French imperative.
var callWords = strings.Fields(`
	abonne inscris recois decouvre lis rejoins s'abonner s'inscrire m'abonner m'inscrire decouvrir recevoir lire rejoindre participer soutenir
	subscribe read get sign join discover learn download try register follow find start watch listen book receive order support share visit click`)

// calls reports a line that begins as a call does: Recevez, Abonnez-vous, Subscribe.
func calls(line string) bool {
	word, _, _ := strings.Cut(strings.ReplaceAll(fold(line), "’", "'"), " ")
	verb, pronoun, _ := strings.Cut(strings.Trim(word, ".,;:!?«»\"→>-"), "-")
	switch verb {
	case "assez", "chez", "allez", "passez", "portez": // Portez-vous bien !
		return false
	}
	return strings.HasSuffix(verb, "ez") || pronoun == "toi" || slices.Contains(callWords, verb)
}

var trailingURL = regexp.MustCompile(`^(.*\S)\s+(https?://\S+)$`)

func ctaOf(line string) CTA {
	line = strings.TrimSpace(strings.ReplaceAll(line, "\t", " "))
	if m := trailingURL.FindStringSubmatch(line); m != nil && isAddress(m[2]) {
		return CTA{Label: m[1], URL: m[2]}
	}
	return CTA{Label: line}
}
