package content

import (
	"regexp"
	"strings"
)

// markdown writes plain paragraphs as Markdown that shows every character as
// it was typed. A line that begins as a list item or a line of dialogue keeps
// its line break.
func markdown(blocks []block) string {
	var b strings.Builder
	for i, block := range blocks {
		if i > 0 {
			b.WriteString("\n")
		}
		for j, line := range block.lines {
			b.WriteString(escapeLine(line))
			if j+1 < len(block.lines) && ownLine.MatchString(block.lines[j+1]) {
				b.WriteString("  ") // a hard line break, CommonMark 6.7
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

var (
	// ownLine begins a line that its author meant to stand alone.
	ownLine = regexp.MustCompile(`^(?:[-+*–—•·→#>]|\d{1,9}[.)])[\s\x{A0}\x{202F}]`)
	// opener is what would open a block: heading, quote, list, rule,
	// underline of a heading, row of a table, definition.
	opener = regexp.MustCompile(`^(?:[#>+\-=:|]|(\d{1,9})([.)])(?:\s|$))`)
	// whole is an address as goldmark makes a link of it. It stays in one
	// piece: inside a link nothing else is marked up.
	whole = regexp.MustCompile(`(?:^|[ (])((?:https?://|www\.)[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*\.[a-z]+(?:[/#?][0-9A-Za-z@:%_+.~#$!?&/=();,'^{}-]*)?` +
		`|[0-9A-Za-z][\w.+-]*@[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*\.[A-Za-z]+)`)
	entity = regexp.MustCompile(`&(#?\w+;)`)

	inlineMarks = strings.NewReplacer(signs("\\`*_[<~")...)
)

// signs pairs each sign with its escaped form, for a Replacer.
func signs(all string) (pairs []string) {
	for _, r := range all {
		pairs = append(pairs, string(r), `\`+string(r))
	}
	return pairs
}

func escapeLine(line string) string {
	var b strings.Builder
	if m := opener.FindStringSubmatch(line); m != nil {
		b.WriteString(m[1] + `\`)
		sign := line[len(m[1]) : len(m[1])+1]
		b.WriteString(sign)
		line = line[len(m[1])+1:]
	}
	from := 0
	for _, at := range whole.FindAllStringSubmatchIndex(line, -1) {
		b.WriteString(inlineMarks.Replace(line[from:at[2]]))
		b.WriteString(line[at[2]:at[3]])
		from = at[3]
	}
	b.WriteString(inlineMarks.Replace(line[from:]))
	return entity.ReplaceAllString(b.String(), `\&$1`)
}
