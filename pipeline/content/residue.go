package content

import (
	"iter"
	"regexp"
	"slices"
	"strings"
)

// residues are what a site generator would have replaced: templates and marks
// of Markdown dialects. They are told, and shown as they stand; nothing here
// executes them. Each is looked for in what the one before has left.
var residues = []residue{
	{"residue-shortcode", shortcode, regexp.MustCompile(`\{\{[<%](?:.*?[>%]\}\}|.*$)|\[/[a-z]\w*\]|\[[a-z]\w*(?:\s+\w+=[^\]]+)+\]|^\s*-{2,}8<-{2,}.*|:(?:fontawesome|material|octicons|simple)-[a-z0-9-]+:`)},
	{"residue-emoji", emojiName, regexp.MustCompile(`(?:^|\s):[a-z][a-z0-9_+-]*[a-z0-9]:\B`)},
	{"residue-code", having("{%"), regexp.MustCompile(`\{%-?\s*(?:end)?(?:highlight|codeblock)\b.*?%\}`)},
	{"residue-liquid", having("{%", "{{"), regexp.MustCompile(`\{%(?:.*?%\}|.*$)|\{\{(?:.*?\}\}|.*$)`)},
	{"residue-toc", having("[t", "[T", "[[", "{:"), regexp.MustCompile(`(?i)^\s*(?:\[toc\]|\[\[_?toc_?\]\]|\{:\s*toc\b.*\})\s*$`)},
	{"residue-admonition", having("!!!", "???", ":::", "===", "[!"), regexp.MustCompile(`^\s*(?:(?:!!!|\?\?\?\+?|:::+)\s*\{?[\pL].*|:::+\s*$|===[!+]?\s+["'].*|>\s*\[![A-Za-z]+\].*)`)},
	{"residue-attributes", having("{"), regexp.MustCompile(`\{:\s*[^}\s][^}]*\}|\{\s*[.#][\pL_][^{}]*\}`)},
}

// residue is a form, and a quick look whether a text may hold it, since most
// lines, and most texts, have none.
type residue struct {
	id       string
	possible func(text string) bool
	form     *regexp.Regexp
}

func having(signs ...string) func(string) bool {
	return func(text string) bool {
		return slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(text, sign) })
	}
}

var shortcodeSign = having("{{<", "{{%", "[/", "8<--", ":fontawesome-", ":material-", ":octicons-", ":simple-")

func shortcode(text string) bool {
	return shortcodeSign(text) || strings.Contains(text, "[") && strings.Contains(text, "=")
}

// emojiName looks for a colon before a letter, at the beginning of a word.
func emojiName(text string) bool {
	for at := 0; ; at++ {
		i := strings.IndexByte(text[at:], ':')
		if at += i; i < 0 || at+1 == len(text) {
			return false
		}
		next := text[at+1]
		if 'a' <= next && next <= 'z' && (at == 0 || strings.IndexByte(" \t\n\r", text[at-1]) >= 0) {
			return true
		}
	}
}

// findResidues tells of each kind of residue once a line.
func (p *parser) findResidues() {
	if !slices.ContainsFunc(residues, func(r residue) bool { return r.possible(p.entry.Body) }) {
		return
	}
	for i, line := range proseLines(p.entry.Body) {
		for _, r := range residues {
			if !r.possible(line) {
				continue
			}
			found := r.form.FindString(line)
			if found == "" {
				continue
			}
			p.warn(r.id, p.entry.BodyLine+i, map[string]any{"Text": shown(strings.TrimSpace(found))})
			line = r.form.ReplaceAllString(line, "")
		}
	}
}

// codeSpan is one on a single line, near enough for a title.
var codeSpan = regexp.MustCompile("`+[^`]*`+")

// withoutResidues is for what a title is made of.
func withoutResidues(line string) string {
	var b strings.Builder
	for line != "" {
		at := codeSpan.FindStringIndex(line)
		if at == nil {
			at = []int{len(line), len(line)}
		}
		text := line[:at[0]]
		for _, r := range residues {
			text = r.form.ReplaceAllString(text, "")
		}
		b.WriteString(text + line[at[0]:at[1]])
		line = line[at[1]:]
	}
	return b.String()
}

// codeFence opens and closes a block of code, in lists and quotes too.
var codeFence = regexp.MustCompile("^[ \t>]*(?:(?:[-*+]|\\d{1,9}[.)])[ \t]+)?(`{3,}[^`]*|~{3,}.*)$")

// codeBlock follows the fenced blocks of code of a text, line by line.
type codeBlock struct{ fence string }

// holds reports that the line belongs to a block, its fences included.
func (c *codeBlock) holds(line string) bool {
	opens := ""
	if strings.Contains(line, "```") || strings.Contains(line, "~~~") {
		if m := codeFence.FindStringSubmatch(line); m != nil {
			opens = m[1]
		}
	}
	switch {
	case c.fence != "":
		if strings.HasPrefix(opens, c.fence) && strings.Trim(opens, opens[:1]+" \t") == "" {
			c.fence = ""
		}
		return true
	case opens != "":
		c.fence = opens[:len(opens)-len(strings.TrimLeft(opens, opens[:1]))]
		return true
	}
	return false
}

var (
	listItem = regexp.MustCompile(`^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]`)
	comment  = regexp.MustCompile(`<!--.*?-->`)
)

// proseLines yields the lines of Markdown that are not code, with their
// numbers from 0, without code spans and comments. It knows less of Markdown
// than a parser does: a code span over two lines is text to it, and so is
// what is indented after a list.
func proseLines(body string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		var code codeBlock
		inList, indented, number := false, true, -1
		for line := range strings.SplitSeq(body, "\n") {
			number++
			if code.holds(line) {
				continue
			}
			blank := strings.TrimSpace(line) == ""
			deep := strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t")
			if !blank && !deep {
				inList = listItem.MatchString(line) || inList && line[0] == ' '
			}
			indented = blank || deep && indented && !inList
			if blank || indented {
				continue
			}
			if !yield(number, withoutSpans(line)) {
				return
			}
		}
	}
}

// withoutSpans cuts code spans and comments out of a line.
func withoutSpans(line string) string {
	if strings.Contains(line, "<!--") {
		line = comment.ReplaceAllString(line, "")
	}
	var b strings.Builder
	for {
		start := strings.IndexByte(line, '`')
		if start < 0 {
			return b.String() + line
		}
		rest := strings.TrimLeft(line[start:], "`")
		marks := line[start : len(line)-len(rest)]
		b.WriteString(line[:start])
		end := closing(rest, len(marks))
		if end < 0 {
			b.WriteString(marks)
		} else {
			rest = rest[end:]
		}
		line = rest
	}
}

// closing is the index after the run of just n backticks that ends a span, -1
// when there is none.
func closing(text string, n int) int {
	for at := 0; ; {
		start := strings.IndexByte(text[at:], '`')
		if start < 0 {
			return -1
		}
		at += start
		run := len(text[at:]) - len(strings.TrimLeft(text[at:], "`"))
		at += run
		if run == n {
			return at
		}
	}
}
