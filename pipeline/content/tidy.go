package content

import (
	"reflect"
	"regexp"
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
// What a mend made is read again: one that leads to another entry is not done.
func Tidy(name string, data []byte, o Options) (tidy []byte, mends []Mend) {
	if len(data) > maxFile || !utf8.Valid(data) {
		return data, nil
	}
	o = o.WithDefaults()
	was := readText(name, string(data), o)
	if !was.usable() {
		return data, nil
	}
	text := string(data)
	for _, step := range []struct {
		mend Mend
		do   func(string) string
	}{
		{MendMark, func(text string) string { return strings.TrimPrefix(text, "\uFEFF") }},
		{MendEnds, func(text string) string { return string(normalise([]byte(text))) }},
		{MendBlanks, withoutBlanks},
		{MendDate, was.withDate},
	} {
		mended := step.do(text)
		if mended == text {
			continue
		}
		if is := readText(name, mended, o); is.usable() && sameEntry(was.entry, is.entry) {
			text, mends = mended, append(mends, step.mend)
		}
	}
	return []byte(text), mends
}

// readText parses a file of no known age.
func readText(name, text string, o Options) *parser {
	p := &parser{options: o, entry: Entry{Path: name, Lines: map[string]int{}}}
	p.read(normalise([]byte(text)), time.Time{})
	return p
}

// usable reports that there is an entry.
func (p *parser) usable() bool { return !refused(p.problems) && p.entry.Path != "" }

// sameEntry compares what is read of a file: where it stands there may differ,
// and so may the blanks at the ends of lines.
func sameEntry(a, b Entry) bool {
	for _, e := range []*Entry{&a, &b} {
		lines := strings.Split(e.Body, "\n")
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " \t")
		}
		e.Body, e.BodyLine, e.Lines = strings.Join(lines, "\n"), 0, nil
	}
	return reflect.DeepEqual(a, b)
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

// withoutBlanks takes the blanks off the ends of lines. In the front matter,
// only the lines of a block may mean them, and those an entry joins anyway.
//
// An indented line may be code, and so may what follows a backtick that the
// line does not close: they stay as they are. So does a line whose last sign
// is a backslash, which would break it (CommonMark 6.7).
func withoutBlanks(text string) string {
	lines := strings.Split(text, "\n")
	body := bodyStart(lines)
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
		if strings.HasSuffix(trimmed, `\`) {
			continue
		}
		if strings.HasSuffix(line, "  ") && i+1 < len(lines) && strings.TrimSpace(lines[i+1]) != "" {
			trimmed += "  "
		}
		lines[i] = trimmed
	}
	return strings.Join(lines, "\n")
}

// fillDate puts the date where an empty one waits for it.
func fillDate(header []string, date string) (done bool) {
	for i, line := range header {
		if strings.HasPrefix(strings.TrimLeft(line, " \t"), "[") {
			return false // in TOML, what follows belongs to a group
		}
		if m := emptyDate.FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil {
			header[i] = m[1] + " " + date + m[2] + "\n"
			return true
		}
	}
	return false
}

// emptyDate is a key that waits for its value, in YAML or TOML.
var emptyDate = regexp.MustCompile(`(?i)^(date[ \t]*[:=])[ \t]*(?:""|''|~|null)?([ \t]+#.*)?$`)

// withDate puts the date of the file's name into the front matter: where an
// empty one stands or as its first line, since in TOML later ones may belong
// to a group.
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
	bare, _ := bareHeader(strings.TrimLeft(text, " \t\n"))
	end := max(bodyStart(strings.Split(text, "\n")), open+strings.Count(bare, "\n"))
	if fillDate(lines[:end], date) {
		return strings.Join(lines, "")
	}
	m := fence.FindStringSubmatch(strings.TrimSuffix(lines[open], "\n"))
	line := "date: " + date + "\n"
	switch {
	case m == nil && strings.HasPrefix(lines[open], "{"), m != nil && strings.EqualFold(m[2], "json"):
		return text // JSON has no place for a line
	case m == nil && bare != "":
		return strings.Join(lines[:open], "") + line + strings.Join(lines[open:], "")
	case m == nil:
		return "---\n" + line + "---\n" + text
	case m[1] == "+++" || strings.EqualFold(m[2], "toml"):
		line = "date = " + date + "\n"
	}
	return strings.Join(lines[:open+1], "") + line + strings.Join(lines[open+1:], "")
}
