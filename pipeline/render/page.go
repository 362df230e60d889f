package render

import (
	"html/template"
	"slices"
	"strings"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/render/typography"
)

// page is what the templates mail, web and text are filled with.
type page struct {
	Lang, Dir string

	Subject   string // of the mail, and its <title>
	Title     string // the same without what is said of a correction
	PageTitle string // of the archive page
	Preheader string
	Filler    template.HTML

	Name, Tagline, Heading string

	ContentsTitle string
	Contents      []contentsLine // none for a short issue
	Entries       []block
	Online        string // URL of the archive page
	Feed          string // URL of the locale's feed
	Alternates    []alternate
	OpenGraph     string   // the archive page's locale as og:locale has it
	Rest          string   // says that entries were summarized
	Corrected     []phrase // what the issue says of its own errata

	Sender, Why   string
	PostalAddress []string // its lines
	Links         []link
}

type contentsLine struct {
	Title     phrase
	URL, Lang string
}

// alternate is the issue's page in another locale, or in this one.
type alternate struct{ Locale, URL string }

type link struct{ Label, URL string }

// minContents is the number of entries from which a table of contents helps.
const minContents = 3

// page gathers what mail and archive share.
func (ed *edition) page(blocks []block) page {
	w, c, first := ed.words, ed.config, blocks[0]
	p := ed.frame(w, ed.locale)
	p.Title, p.Preheader = typography.Widen(ed.subject(first.Title.Text)), typography.Widen(preheader(blocks))
	p.Subject, p.Corrected = p.Title, ed.corrected()
	if len(p.Corrected) > 0 {
		p.Subject = typography.Widen(ed.subject(w.T("erratum.subject", "Title", first.Title.Text)))
	}
	p.Filler = filler(p.Preheader)
	p.PageTitle = w.T("issue.page", "Title", first.Title.Text, "Name", c.Name)
	p.Heading = w.Date("long", ed.issue.Slot.In(c.Location))
	p.ContentsTitle = w.T("issue.contents")
	p.Entries = blocks
	p.Online = ed.online()
	if ed.issue.Number > 0 {
		p.Heading = w.T("issue.heading", "Number", ed.issue.Number, "Date", p.Heading)
		p.PageTitle = w.T("issue.page-numbered", "Title", first.Title.Text, "Name", c.Name, "Number", ed.issue.Number)
	}
	if length(first.Title.Text) > maxSubject {
		ed.problem(content.Problem{ID: "subject-cut", File: first.file, Line: first.line, Args: map[string]any{"Subject": p.Subject, "Limit": maxSubject}})
	}
	return p
}

// frame is what stands around every mail: the masthead and who sends.
func (r *Renderer) frame(w words, locale string) page {
	c := r.config
	p := page{
		Lang: locale, Dir: typography.Direction(locale),
		Name: c.Name, Tagline: c.Tagline,
		Sender: w.T("footer.sender", "Organization", c.Organization), PostalAddress: lines(c.PostalAddress),
	}
	if c.OnBehalfOf != "" {
		p.Sender = w.T("footer.sender-for", "Organization", c.Organization, "OnBehalfOf", c.OnBehalfOf)
	}
	return p
}

// lines are the lines of a text that say something.
func lines(s string) []string {
	var list []string
	for line := range strings.Lines(s) {
		if line = oneLine(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// mail is the page as readers get it by mail: so many entries in full, and
// a foot with the links that are theirs alone.
func (ed *edition) mail(p page, full int) page {
	w, base := ed.words, mark(ed.key, Base)
	p.Entries = slices.Clone(p.Entries)
	for i := range p.Entries {
		p.Entries[i].Full = i < full
	}
	if rest := len(p.Entries) - full; rest > 0 {
		p.Rest = w.T("issue.rest", "Count", rest)
	}
	p.Contents = contents(p.Entries, func(b block) string { return b.URL })
	p.Why = w.T("footer.why", "Address", mark(ed.key, Address), "Name", p.Name)
	p.Links = []link{
		{w.T("footer.unsubscribe"), base + UnsubscribePath + mark(ed.key, Unsubscribe)},
		{w.T("footer.preferences"), base + PreferencesPath + mark(ed.key, Preferences)},
		{w.T("footer.online"), p.Online},
	}
	return p
}

// web is the page as anybody sees it in the archive: whole, and with nothing
// of any reader.
func (ed *edition) web(p page) page {
	w, base := ed.words, mark(ed.key, Base)
	p.Entries = slices.Clone(p.Entries)
	for i := range p.Entries {
		p.Entries[i].Full = true
		p.Entries[i].Body = withoutOutlook(p.Entries[i].Body)
		p.Entries[i].Button = withoutOutlook(p.Entries[i].Button)
	}
	p.Contents = contents(p.Entries, func(b block) string { return "#" + b.Anchor })
	p.OpenGraph = locales.OpenGraph(ed.locale)
	p.Feed = base + "/" + ed.locale + FeedPath
	for _, locale := range ed.others() {
		p.Alternates = append(p.Alternates, alternate{locale, ed.onlineIn(locale)})
	}
	p.Links = []link{
		{w.T("footer.subscribe"), ed.subscribe()},
		{w.T("footer.archive"), base + "/" + ed.locale},
	}
	return p
}

func contents(blocks []block, url func(block) string) []contentsLine {
	if len(blocks) < minContents {
		return nil
	}
	var lines []contentsLine
	for _, b := range blocks {
		lines = append(lines, contentsLine{b.Title, url(b), b.Lang})
	}
	return lines
}

// filler follows a short preheader, so that an inbox does not go on with the
// first words of the body: figure spaces, each with a joiner that keeps
// programs from folding them together. Behind a long one stands one of them,
// so that nothing of the body joins it (H9).
func filler(preheader string) template.HTML {
	return template.HTML(strings.Repeat("&#8199;&#847; ", max(1, (maxPreheader-length(preheader))/2)))
}
