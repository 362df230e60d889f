// Package mailrules checks a mail against the rules that keep it readable, accessible and welcome.
//
// It looks at bytes alone and knows nothing of how they were made, so that
// tests, check and preview all judge by the same code.
package mailrules

import "fmt"

// Severity says whether a mail may leave as it is.
type Severity int

const (
	Advice Severity = iota // better mended, yet no reader is shut out
	Error                  // some reader or mail server will stumble
)

// Part is the part of a mail a violation lies in.
type Part string

const (
	Wire    Part = "wire" // the bytes as a mail server sees them
	Headers Part = "headers"
	HTML    Part = "html" // decoded
	Text    Part = "text" // decoded
)

// Violation is one broken rule. Its words live in locales/ as "finding.<ID>"
// and "finding.<ID>.mend", both templates over Args.
type Violation struct {
	Rule     string // "H4"; "wire", "headers", "text" or "spam" for rules without a number
	ID       string // stable, kebab-case
	Severity Severity
	RGAA     string // criterion of RGAA 4.1, "" where none applies
	Part     Part
	Line     int    // from 1 within the part; 0 where a line says nothing
	Where    string // the tag, header or line meant, shortened
	Args     map[string]any
}

// Options is what the bytes alone cannot tell.
type Options struct {
	Locale      string   // the reader's language; "" accepts any
	Subject     string   // what <title> must equal; Check takes it from the mail
	Unsubscribe string   // URL the footer must link to; Check takes it from the mail
	Footer      []string // texts and URLs the footer must hold: organization, postal address, preferences, web version
	Hosts       []string // names of machines that no header may show

	// Confirmation marks a mail that asks somebody to confirm: it has no
	// list headers, and says that a program wrote it.
	Confirmation bool
}

// Check judges a whole RFC 5322 message.
func Check(mail []byte, o Options) []Violation {
	f := &findings{}
	f.run(Wire, "wire", func() { checkWire(f, mail) })
	m, ok := parse(mail)
	if !ok {
		f.run(Wire, "wire", func() { f.add("mail-unreadable", "") })
		return f.list
	}
	o.Subject, o.Unsubscribe = m.subject(), m.unsubscribe()
	f.headers(m, o)
	f.run(Wire, "wire", func() { checkParts(f, m) })
	html, hasHTML := m.part("text/html")
	text, hasText := m.part("text/plain")
	if hasHTML {
		f.html(html.decoded, o)
	}
	if hasText {
		f.text(text.decoded, html.decoded, o)
	}
	return f.list
}

// CheckHeaders judges the header alone; what follows the empty line is not read.
func CheckHeaders(mail []byte, o Options) []Violation {
	f := &findings{}
	m, ok := parseHeader(mail)
	if !ok {
		f.run(Wire, "wire", func() { f.add("mail-unreadable", "") })
		return f.list
	}
	f.headers(m, o)
	return f.list
}

// CheckHTML judges the HTML part alone, after substitution of a reader's slots.
func CheckHTML(source []byte, o Options) []Violation {
	f := &findings{}
	f.html(source, o)
	return f.list
}

// CheckText judges the text part beside the HTML part it stands for.
func CheckText(text, html []byte, o Options) []Violation {
	f := &findings{}
	f.text(text, html, o)
	return f.list
}

func (f *findings) headers(m message, o Options) {
	for _, check := range headerRules {
		f.run(Headers, "headers", func() { check(f, m, o) })
	}
}

func (f *findings) html(source []byte, o Options) {
	p, ok := newPage(f, source, o)
	if !ok {
		f.run(HTML, "H16", func() { f.add("mail-unreadable", "") })
		return
	}
	for _, r := range htmlRules {
		f.run(HTML, r.name, func() { r.check(p) })
	}
}

func (f *findings) text(text, html []byte, o Options) {
	t := newTextPart(f, text, html, o)
	for _, r := range textRules {
		f.run(Text, r.name, func() { r.check(t) })
	}
}

// findings collects violations, each once.
type findings struct {
	rule string
	part Part
	list []Violation
	seen map[string]bool
}

func (f *findings) run(part Part, rule string, check func()) {
	f.part, f.rule = part, rule
	check()
}

// add notes a violation; args are pairs of name and value.
func (f *findings) add(id, where string, args ...any) { f.addLine(0, id, where, args...) }

func (f *findings) addLine(line int, id, where string, args ...any) {
	k := kinds[id]
	v := Violation{
		Rule: f.rule, ID: id, Severity: k.severity, RGAA: k.rgaa,
		Part: f.part, Line: line, Where: shorten(where), Args: map[string]any{},
	}
	for i := 0; i+1 < len(args); i += 2 {
		v.Args[args[i].(string)] = args[i+1]
	}
	key := fmt.Sprint(v)
	if f.seen[key] {
		return
	}
	if f.seen == nil {
		f.seen = map[string]bool{}
	}
	f.seen[key] = true
	f.list = append(f.list, v)
}

// shorten keeps an excerpt on one line of a report.
func shorten(s string) string {
	const limit = 120
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return string(runes[:limit-1]) + "…"
}
