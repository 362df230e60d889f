package content

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// parser gathers one file's entry and what is wrong with it.
type parser struct {
	options  Options
	entry    Entry
	problems []Problem

	fence    int      // line of the opening fence, 0 without front matter
	header   []string // lines of the front matter
	slugLine int
	badDate  bool // already reported
}

func (p *parser) refuse(id string, line int, args map[string]any) { p.report(id, Error, line, args) }
func (p *parser) warn(id string, line int, args map[string]any)   { p.report(id, Warning, line, args) }

func (p *parser) report(id string, s Severity, line int, args map[string]any) {
	p.problems = append(p.problems, Problem{ID: id, Severity: s, File: p.entry.Path, Line: line, Args: args})
}

// parse reads one file.
func parse(name string, data []byte, o Options) reading {
	sum := sha256.Sum256(data)
	p := &parser{options: o, entry: Entry{Path: name, Hash: hex.EncodeToString(sum[:])}}
	p.read(normalise(data))
	return reading{p.entry, p.slugLine, p.problems}
}

func (p *parser) read(data []byte) {
	if line := badEncoding(data); line > 0 {
		p.refuse("file-encoding", line, nil)
		return
	}
	text := string(data)
	if !p.checkText(text) {
		return
	}
	header, ok := p.split(text)
	if !ok || !p.readHeader(header) {
		return
	}
	place := placeOf(p.entry.Path, p.options.Languages)
	p.entry.ID = place.id
	p.settleLanguage(place)
	p.settleDate(place)
	p.settleTitle()
	if p.slugLine == 0 {
		p.entry.Slug = place.slug
	}
	if e := p.entry; strings.TrimSpace(e.Body) == "" && e.Excerpt == "" && e.CTA.Label == "" {
		p.warn("body-empty", 0, nil)
	}
}

// split cuts the front matter, between two lines "---", from the body. Blank
// lines may precede it. A file may have none: its name then says the date.
func (p *parser) split(text string) (header string, ok bool) {
	trimmed := strings.TrimLeft(text, " \t\n")
	start := strings.LastIndexByte(text[:len(text)-len(trimmed)], '\n') + 1
	line := 1 + strings.Count(text[:start], "\n")
	first, rest, _ := strings.Cut(text[start:], "\n")
	switch {
	case isFence(first, "+++"):
		p.refuse("front-matter-toml", line, nil)
		return "", false
	case !isFence(first, "---"):
		p.entry.Body, p.entry.BodyLine = text, 1
		return "", true
	}
	header, body, closed := cutAtFence(rest)
	switch {
	case !closed:
		p.refuse("front-matter-unclosed", line, nil)
		return "", false
	case len(header) > maxHeader:
		p.refuse("front-matter-too-large", line, map[string]any{"Limit": maxHeader >> 10})
		return "", false
	}
	p.fence = line
	p.entry.Body, p.entry.BodyLine = body, line+strings.Count(header, "\n")+2
	return header, true
}

func isFence(line, fence string) bool { return strings.TrimRight(line, " \t") == fence }

func cutAtFence(text string) (before, after string, found bool) {
	for start := 0; start < len(text); {
		line, rest, _ := strings.Cut(text[start:], "\n")
		if isFence(line, "---") {
			return text[:start], rest, true
		}
		start += len(line) + 1
	}
	return "", "", false
}

// settleLanguage: the front matter, else the file name, else the newsletter.
func (p *parser) settleLanguage(place place) {
	if p.entry.Lang == "" {
		p.entry.Lang = place.lang
	}
	if p.entry.Lang == "" {
		p.entry.Lang = p.options.Languages[0]
	}
	if !spoken(p.entry.Lang, p.options.Languages) {
		p.warn("lang-unread", 0, map[string]any{"Lang": p.entry.Lang, "Languages": strings.Join(p.options.Languages, ", ")})
	}
}

// settleDate: the front matter, else the path.
func (p *parser) settleDate(place place) {
	switch {
	case p.badDate || !p.entry.Date.IsZero():
	case place.date == "":
		p.refuse("date-missing", p.fence, nil)
	default:
		m, _ := parseDate(place.date)
		if fault := m.fault(); fault != "" {
			p.refuse(fault, 0, map[string]any{"Value": place.date})
			return
		}
		p.entry.Date = m.in(p.options.Location)
	}
}
