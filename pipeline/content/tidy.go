package content

import (
	"bytes"
	"strings"
	"time"
	"unicode/utf8"
)

// Mend is something mechanical that Tidy did to a file.
type Mend string

// Mends; their words are the messages "fix.<Mend>".
const (
	MendMark   Mend = "bom"    // a byte order mark went
	MendEnds   Mend = "crlf"   // line ends became LF
	MendBlanks Mend = "blanks" // blanks at the ends of lines went
	MendDate   Mend = "date"   // the date in the file's name was put into the front matter
)

// Tidy mends in a file what a program can without changing what is read, and
// says what it did: nothing when the file is as it should be, or is none that
// can be read. Two blanks that break a line stay, and so do all lines of code.
func Tidy(name string, data []byte, o Options) (tidy []byte, mends []Mend) {
	if len(data) > maxFile || !utf8.Valid(data) {
		return data, nil
	}
	p := &parser{options: o.WithDefaults(), entry: Entry{Path: name, Lines: map[string]int{}}}
	p.read(normalise(data), time.Time{})
	if refused(p.problems) || p.entry.Path == "" {
		return data, nil
	}
	did := func(m Mend, before, after []byte) []byte {
		if !bytes.Equal(before, after) {
			mends = append(mends, m)
		}
		return after
	}
	tidy = did(MendMark, data, bytes.TrimPrefix(data, []byte("\uFEFF")))
	tidy = did(MendEnds, tidy, normalise(tidy))
	lines := strings.Split(string(tidy), "\n")
	body := bodyStart(lines)
	trimmed := strings.Join(trimmedLines(lines, body), "\n")
	tidy = did(MendBlanks, tidy, []byte(trimmed))
	tidy = did(MendDate, tidy, []byte(p.withDate(trimmed)))
	return tidy, mends
}

// bodyStart is the index of the first line after the front matter.
func bodyStart(lines []string) int {
	open := 0
	for open < len(lines) && strings.TrimSpace(lines[open]) == "" {
		open++
	}
	if open == len(lines) {
		return 0
	}
	m := fence.FindStringSubmatch(lines[open])
	if m == nil {
		return 0
	}
	for i, line := range lines[open+1:] {
		if end := strings.TrimRight(line, " \t"); end == m[1] || end == "..." && m[1] == "---" {
			return open + i + 2
		}
	}
	return 0
}

// trimmedLines takes the blanks off the ends of lines. In the front matter,
// only the lines of a block may mean them, and those an entry joins anyway.
//
// An indented line may be code, and so may what follows a backtick that the
// line does not close: they stay as they are.
func trimmedLines(lines []string, body int) []string {
	var code codeBlock
	span := false // a code span may go on from line to line of a paragraph
	for i, line := range lines {
		blank := strings.TrimSpace(line) == ""
		switch {
		case i < body:
			lines[i] = strings.TrimRight(line, " \t")
			continue
		case code.holds(line):
			span = false
			continue
		case blank:
			lines[i], span = "", false
			continue
		}
		span = span || strings.Contains(withoutSpans(line), "`")
		if span || strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t") {
			continue
		}
		trimmed := strings.TrimRight(line, " \t")
		if strings.HasSuffix(line, "  ") && i+1 < len(lines) && strings.TrimSpace(lines[i+1]) != "" {
			trimmed += "  "
		}
		lines[i] = trimmed
	}
	return lines
}

// withDate puts the date of the file's name into the front matter, as its
// first line: in TOML, later ones may belong to a group.
func (p *parser) withDate(text string) string {
	date := placeOf(p.entry.Path, p.options.Languages).date
	if date == "" || p.dated {
		return text
	}
	lines := strings.SplitAfter(text, "\n")
	open := 0
	for open < len(lines) && strings.TrimSpace(lines[open]) == "" {
		open++
	}
	if open == len(lines) {
		return text
	}
	m := fence.FindStringSubmatch(strings.TrimSuffix(lines[open], "\n"))
	line := "date: " + date + "\n"
	switch {
	case m == nil && strings.HasPrefix(lines[open], "{"), m != nil && strings.EqualFold(m[2], "json"):
		return text // JSON has no place for a line
	case m == nil && bareStart(text):
		return strings.Join(lines[:open], "") + line + strings.Join(lines[open:], "")
	case m == nil:
		return "---\n" + line + "---\n" + text
	case m[1] == "+++" || strings.EqualFold(m[2], "toml"):
		line = "date = " + date + "\n"
	}
	return strings.Join(lines[:open+1], "") + line + strings.Join(lines[open+1:], "")
}

// bareStart reports front matter without fences.
func bareStart(text string) bool {
	header, _ := bareHeader(strings.TrimLeft(text, " \t\n"))
	return header != ""
}
