package render

import (
	"errors"
	"strings"
	"sync"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/render/markdown"
	"github.com/infolettre/infolettre/pipeline/render/typography"
)

// Cache remembers entries as they were drawn, for who renders the same issue
// again after one of its files changed. It serves one Renderer, holds each
// entry once for each locale, and is safe for concurrent use.
type Cache struct {
	mu    sync.Mutex
	drawn map[drawnKey]drawing
}

// NewCache returns an empty cache.
func NewCache() *Cache { return &Cache{drawn: map[drawnKey]drawing{}} }

// WithCache returns a Renderer that draws what c holds no second time.
func (r *Renderer) WithCache(c *Cache) *Renderer {
	cached := *r
	cached.cache = c
	return &cached
}

// drawnKey is where a drawing belongs, whatever its text.
type drawnKey struct {
	path, lang, locale string
	level              int
	alone              bool
}

// drawing is an entry's Markdown, drawn. It is good for as long as the file
// is the same and the destinations in it still mean the same.
type drawing struct {
	hash, key           string // of the file; of the document whose marks it holds
	asked               []question
	image, body, button markdown.Fragment
	refused             *markdown.Finding // then nothing was drawn
}

// question is a destination that the text asked about, and the answer.
type question struct {
	kind    markdown.Kind
	dest    string
	target  markdown.Target
	refused string // id of the finding
}

// draw converts an entry's Markdown, its image and its call to action, or
// finds them drawn. An entry that was never a file has no hash to know it by.
func (ed *edition) draw(b *block, e content.Entry) drawing {
	resolve := ed.resolver(e)
	if ed.cache == nil || e.Hash == "" {
		return ed.drawAnew(b, e, resolve)
	}
	key := drawnKey{e.Path, e.Lang, ed.locale, b.Level, ed.issue.Number == 0}
	ed.cache.mu.Lock()
	d, ok := ed.cache.drawn[key]
	ed.cache.mu.Unlock()
	if ok && d.hash == e.Hash && d.holds(resolve, ed.key) {
		return d.remarked(ed.key)
	}
	var asked []question
	d = ed.drawAnew(b, e, func(kind markdown.Kind, dest string) (markdown.Target, *markdown.Finding) {
		target, finding := resolve(kind, dest)
		asked = append(asked, questionOf(kind, dest, target, finding))
		return target, finding
	})
	d.hash, d.key, d.asked = e.Hash, ed.key, asked
	ed.cache.mu.Lock()
	ed.cache.drawn[key] = d
	ed.cache.mu.Unlock()
	return d
}

// drawAnew lets image and button go through the same gate as Markdown's own.
func (ed *edition) drawAnew(b *block, e content.Entry, resolve markdown.Resolver) (d drawing) {
	rules := ed.rules(e)
	options := markdown.Options{
		Styles: ed.theme, Typography: rules, RulesOf: ed.rulesOf, Dir: typography.Direction(e.Lang),
		Words: ed.words.markdown(), TopHeading: b.Level + 1, Resolve: resolve, Outline: true,
	}
	if e.Plain {
		options.RulesOf = nil
	}
	converter := markdown.New(options)
	var err error
	d.body, err = converter.Convert(e.Body)
	if refusal := (*markdown.Refusal)(nil); errors.As(err, &refusal) {
		d.refused = &refusal.Finding
		return d
	}
	d.image = frontMatter(converter, imageSource(e.Image, rules))
	d.button = frontMatter(converter, buttonSource(e.CTA, rules, ed.subscribe()))
	return d
}

func questionOf(kind markdown.Kind, dest string, target markdown.Target, finding *markdown.Finding) question {
	q := question{kind: kind, dest: dest, target: target}
	if finding != nil {
		q.refused = finding.ID
	}
	return q
}

// holds asks the questions again: an image may have changed since, or another
// entry have joined the issue.
func (d drawing) holds(resolve markdown.Resolver, key string) bool {
	for _, q := range d.asked {
		q.dest, q.target.URL = d.remark(q.dest, key), d.remark(q.target.URL, key)
		target, finding := resolve(q.kind, q.dest)
		if questionOf(q.kind, q.dest, target, finding) != q {
			return false
		}
	}
	return true
}

// remarked is the drawing with the marks of another document.
func (d drawing) remarked(key string) drawing {
	for _, f := range []*markdown.Fragment{&d.image, &d.body, &d.button} {
		f.HTML, f.Text, f.Lead = d.remark(f.HTML, key), d.remark(f.Text, key), d.remark(f.Lead, key)
	}
	return d
}

// remark is safe because no author can type a mark: see Document.Mark.
func (d drawing) remark(text, key string) string {
	return strings.ReplaceAll(text, markPrefix(d.key), markPrefix(key))
}
