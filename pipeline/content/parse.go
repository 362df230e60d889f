package content

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// parser gathers one file's entry and what is wrong with it.
type parser struct {
	options  Options
	entry    Entry
	problems []Problem

	format   string          // how the front matter begins: "---", "+++", "---json"
	fence    int             // line of the opening fence, 0 without front matter
	header   []string        // lines of the front matter
	aliased  map[string]bool // YAML anchors that something refers to
	unknown  []unknownKey
	slugLine int
	badDate  bool   // already reported
	dated    bool   // by the front matter
	written  string // the day that it gives, as an ISO date
	page     bool   // its layout is that of a page, not of a post
}

func (p *parser) refuse(id string, line int, args map[string]any) { p.report(id, Error, line, args) }
func (p *parser) warn(id string, line int, args map[string]any)   { p.report(id, Warning, line, args) }

func (p *parser) report(id string, s Severity, line int, args map[string]any) {
	p.problems = append(p.problems, Problem{ID: id, Severity: s, File: p.entry.Path, Line: line, Args: args})
}

// parse reads one file. changed is when it was last written to.
func parse(name string, data []byte, changed time.Time, o Options) reading {
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:])
	if r, ok := o.Cache.recall(name, hash, changed); ok {
		return r
	}
	p := &parser{options: o, entry: Entry{Path: name, Hash: hash, Lines: map[string]int{}}}
	p.read(normalise(data), changed)
	r := reading{p.entry, p.slugLine, p.problems}
	o.Cache.keep(name, hash, changed, r)
	return r
}

// Body is what stands below the front matter of an entry's file; the whole of
// one whose front matter has no end.
func Body(text string) string {
	p := &parser{}
	if _, ok := p.split(text); !ok {
		return text
	}
	return p.entry.Body
}

func (p *parser) read(data []byte, changed time.Time) {
	text, ok := p.decode(data)
	if !ok {
		return
	}
	if text, ok = p.checkText(text); !ok {
		return
	}
	header, ok := p.split(text)
	if !ok || !p.readHeader(header) {
		return
	}
	place := placeOf(p.entry.Path, p.options.Languages)
	p.entry.ID = place.id
	p.entry.Draft = p.entry.Draft || place.draft
	p.dated = !p.entry.Date.IsZero()
	p.compareName(place)
	p.settleDate(place, changed)
	if p.page && p.entry.Date.IsZero() && !refused(p.problems) {
		p.problems = nil
		p.warn("page-undated", p.fence, nil)
		p.entry = Entry{}
		return
	}
	p.settleLanguage(place)
	p.findResidues()
	p.settleTitle(place)
	if p.slugLine == 0 {
		p.entry.Slug = place.slug
	}
	if e := p.entry; strings.TrimSpace(e.Body) == "" && e.Excerpt == "" && e.CTA.Label == "" {
		p.warn("body-empty", 0, nil)
	}
}

// compareName finds where the name and the front matter disagree: one of the
// two was forgotten when the other was changed. The front matter counts.
func (p *parser) compareName(place place) {
	if m, _ := parseDate(place.date); place.leads && m.fault() == "" && p.written != "" && p.written != place.date {
		p.warn("date-name", p.entry.Lines["date"], map[string]any{"Name": place.date, "Value": p.written})
	}
	if lang := p.entry.Lang; lang != "" && place.lang != "" && nearest(lang, []string{place.lang}) == "" {
		p.warn("lang-name", p.entry.Lines["lang"], map[string]any{"Name": place.lang, "Value": lang})
	}
}

// settleLanguage: the front matter, else the path, else the newsletter.
func (p *parser) settleLanguage(place place) {
	if p.entry.Lang == "" {
		p.entry.Lang = place.lang
	}
	if p.entry.Lang == "" {
		p.entry.Lang = p.options.Languages[0]
	}
	p.entry.Lang = withoutRegion(p.entry.Lang, p.options.Languages)
	if !spoken(p.entry.Lang, p.options.Languages) {
		p.warn("lang-unread", 0, map[string]any{"Lang": p.entry.Lang, "Languages": strings.Join(p.options.Languages, ", ")})
	}
}

// settleDate: the front matter, else the path. A draft without a date has
// that of its last change, as in Jekyll; it is not sent anyway.
func (p *parser) settleDate(place place, changed time.Time) {
	switch {
	case p.badDate || !p.entry.Date.IsZero():
	case place.date != "":
		m, _ := parseDate(place.date)
		if fault := m.fault(); fault != "" {
			p.refuse(fault, 0, map[string]any{"Value": place.date})
			return
		}
		p.entry.Date = m.wall(p.options.Location)
	case p.entry.Draft && !changed.IsZero():
		p.entry.Date = changed.In(p.options.Location)
	case !p.page:
		p.refuse("date-missing", p.fence, nil)
	}
}

// readDate takes MkDocs' group of dates too, of which it is the first.
func (p *parser) readDate(f field) bool {
	if f.node.Kind == yaml.MappingNode {
		if created := valueOf(f.node, "created", "published", "publish"); created != nil {
			f.node = created
		}
	}
	value := ""
	if p.isText(f) {
		value = p.text(f)
	}
	if value == "" {
		p.badDate = refused(p.problems)
		return p.badDate
	}
	m, ok := p.dateOf(f, value)
	if !ok {
		p.badDate = true
		return true
	}
	t, doubt := m.in(p.options.Location)
	if doubt {
		p.warn("date-offset", p.line(f.node), map[string]any{"Value": shown(value), "Zone": p.options.Location.String()})
	}
	p.entry.Date, p.entry.HasClock = t, m.clock
	m.clock = false
	p.written = m.String()
	return true
}

// dateOf reads a date that can be read in one way only, and shows an author
// the right form of another, where it can be told.
func (p *parser) dateOf(f field, value string) (m moment, ok bool) {
	line := p.line(f.node)
	m, exact := parseDate(value)
	ok = exact
	if !exact {
		m, ok = parseLooseDate(value)
	}
	if !ok {
		p.refuse("date-format", line, map[string]any{"Value": shown(value), "Example": "2026-11-19"})
		return m, false
	}
	if fault := m.fault(); fault != "" {
		p.refuse(fault, line, map[string]any{"Value": shown(value)})
		return m, false
	}
	if exact {
		return m, true
	}
	args := map[string]any{"Value": shown(value), "Example": m.String()}
	if m.dayFirst {
		p.refuse("date-format", line, args)
		return m, false
	}
	p.warn("date-loose", line, args)
	return m, true
}

// readPublishDate is Hugo's: before it, nothing is published.
func (p *parser) readPublishDate(f field) bool {
	date, clock, written := p.entry.Date, p.entry.HasClock, p.written
	if told := p.readDate(f); !told || p.entry.Date.After(date) {
		p.written = "" // a day of its own, which no name need know
		return told
	}
	p.entry.Date, p.entry.HasClock, p.written = date, clock, written
	return true
}
