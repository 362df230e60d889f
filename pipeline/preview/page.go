package preview

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/content"
)

// shell is what every page has.
type shell struct {
	L       *locales.Locale
	Title   string
	Version string
	Name    string // of the newsletter
}

// page fills templates/preview/page.html.
type page struct {
	shell
	Failure string // why what is shown is not the newest

	Mail  mail
	Tools tools
	Issue nextIssue
	Past  []option // the issues made so far

	Errors  []finding // stand above the mail
	Remarks []finding // stand below it
}

// mail is what is looked at.
type mail struct {
	Heading, When    string
	Subject          string
	Preheader        string
	From             string
	Lang             string
	Size             string
	Stale            bool // a file of it broke; this is its last good state
	View             string
	Frame, Identity  string // address; the same for the same mail
	Class            string
	Text, Source     string
	Header           []headerField
	Empty, EmptyMend string // in place of a mail
}

type headerField struct{ Name, Value string }

// option is one choice of several, or a switch.
type option struct {
	Label, Note, URL string
	ID, Key          string // element and shortcut
	Current          bool
}

// tools are the switches above the mail.
type tools struct {
	Locales, Views, Widths, Themes []option
	Images, Styles                 option
	Moment                         string // chosen, as the field writes it
	Now                            option // back to the present
	Hidden                         []headerField
}

func (p *Preview) shell(s *snapshot) shell {
	return shell{L: p.options.Words, Title: p.options.Words.T("preview.title"), Version: s.version, Name: s.newsletter.Name}
}

func (p *Preview) page(ctx context.Context, s *snapshot, st state, sh shown) (page, error) {
	l := p.options.Words
	out := page{shell: p.shell(s), Tools: p.tools(s, st, sh)}
	if s.failure != nil {
		out.Failure = s.failure.Error()
	}
	found, err := sh.findings()
	if err != nil {
		return out, err
	}
	for _, f := range p.findings(s, found) {
		if f.Error {
			out.Errors = append(out.Errors, f)
		} else {
			out.Remarks = append(out.Remarks, f)
		}
	}
	if out.Mail, err = p.mail(s, st, sh); err != nil {
		return out, err
	}
	if out.Issue, err = p.nextIssue(s, st, sh.plan); err != nil {
		return out, err
	}
	if out.Past, err = p.past(ctx, s, st); err != nil {
		return out, err
	}
	if out.Mail.Subject != "" {
		out.Title = l.T("preview.page-title", "Subject", out.Mail.Subject)
	}
	return out, nil
}

// gmail is the size, in bytes, after which Gmail hides the rest of a mail.
const gmail = 102_000

func (p *Preview) mail(s *snapshot, st state, sh shown) (mail, error) {
	l := p.options.Words
	m := mail{View: st.view, Lang: sh.document.Locale, Stale: s.isStale(sh)}
	m.Heading, m.When = p.heading(s, st, sh)
	if sh.document.Locale == "" {
		m.Empty, m.EmptyMend = l.T("preview.empty"), l.T("preview.empty.mend")
		if st.entry != "" {
			m.Empty, m.EmptyMend = l.T("preview.broken"), l.T("preview.broken.mend")
		}
		return m, nil
	}
	composed, err := sh.compose(s.newsletter, sh.base)
	if err != nil {
		return m, err
	}
	m.Header = header(composed.Raw)
	m.Subject, m.Preheader, m.From = sh.document.Subject, sh.document.Preheader, s.newsletter.Headers.FromName
	m.Size = p.kilobytes(len(composed.HTML))
	m.Frame, m.Identity = st.frame(), address("", st.next().alone(st.entry, "").mail())
	if sh.past != nil {
		m.Identity = m.Heading
	}
	m.Class = "width-" + st.width + " theme-" + st.theme
	m.Text, m.Source = composed.Text, string(composed.Raw)
	return m, nil
}

// isStale reports that a mail holds an entry older than its file.
func (s *snapshot) isStale(sh shown) bool {
	for _, it := range sh.issue.Items {
		for _, e := range it.Versions {
			if s.stale[e.Path] {
				return true
			}
		}
	}
	return false
}

// heading names the mail, and says when it is or was due.
func (p *Preview) heading(s *snapshot, st state, sh shown) (heading, when string) {
	l, zone := p.options.Words, s.newsletter.Calendar.Zone()
	moment := func(t time.Time) string { return l.Date("moment", t.In(zone)) }
	switch {
	case st.entry != "" && sh.entry == nil:
		return st.entry, ""
	case st.entry != "":
		return l.T("preview.heading.entry"), l.Date("long", sh.entry.Date.In(zone))
	case sh.past != nil:
		return l.T("preview.heading.issue", "Number", sh.past.Number), moment(sh.past.Slot)
	}
	return l.T("preview.heading.issue", "Number", sh.plan.Number), moment(sh.plan.Slot)
}

// header takes the fields of a mail apart, as they are on the wire but for
// their folding.
func header(raw []byte) []headerField {
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	reader := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(head, "\r\n\r\n"...))))
	var fields []headerField
	for {
		line, err := reader.ReadContinuedLine()
		name, value, ok := strings.Cut(line, ":")
		if err != nil || !ok {
			return fields
		}
		fields = append(fields, headerField{name, strings.TrimSpace(value)})
	}
}

func (p *Preview) kilobytes(n int) string {
	return p.options.Words.T("preview.kilobytes", "Kilobytes", p.options.Words.Number((n+999)/1000))
}

func (p *Preview) tools(s *snapshot, st state, sh shown) tools {
	l := p.options.Words
	choose := func(name, key string, values []string, current string, with func(state, string) state) []option {
		var options []option
		for _, v := range values {
			options = append(options, option{
				Label: l.T("preview." + name + "." + v), URL: with(st, v).page(),
				ID: name + "-" + v, Key: key, Current: v == current,
			})
		}
		return options
	}
	toggle := func(name, key, value string, with func(state, string) state) option {
		other := "off"
		if value == "off" {
			other = ""
		}
		return option{Label: l.T("preview." + name), URL: with(st, other).page(), ID: name, Key: key, Current: value != "off"}
	}
	t := tools{
		Views:  choose("view", "v", views, st.view, func(s state, v string) state { s.view = v; return s }),
		Widths: choose("width", "w", widths, st.width, func(s state, v string) state { s.width = v; return s }),
		Themes: choose("theme", "t", themes, st.theme, func(s state, v string) state { s.theme = v; return s }),
		Images: toggle("images", "i", st.images, func(s state, v string) state { s.images = v; return s }),
		Styles: toggle("styles", "s", st.styles, func(s state, v string) state { s.styles = v; return s }),
		Moment: cmp.Or(st.at, p.options.Now().In(s.newsletter.Calendar.Zone()).Format(formMoment)), Locales: p.localeOptions(s, st, sh),
	}
	present := st
	present.at = ""
	t.Now = option{Label: l.T("preview.now"), URL: present.page(), ID: "now", Current: st.at == ""}
	for name, values := range present.query() {
		t.Hidden = append(t.Hidden, headerField{name, values[0]})
	}
	slices.SortFunc(t.Hidden, func(a, b headerField) int { return strings.Compare(a.Name, b.Name) })
	return t
}

// localeOptions are the languages of readers. An entry alone changes to its
// translation, where there is one.
func (p *Preview) localeOptions(s *snapshot, st state, sh shown) []option {
	var options []option
	for _, locale := range s.newsletter.Languages {
		other := st
		other.locale = locale
		if sh.entry != nil {
			other = st.alone(translation(s, *sh.entry, locale), locale)
		}
		if locale == s.newsletter.Languages[0] && st.entry == "" {
			other.locale = ""
		}
		options = append(options, option{
			Label: locale, URL: other.page(), ID: "lang-" + locale, Key: "l", Current: locale == sh.document.Locale,
		})
	}
	return options
}

// translation is the path of an entry in a language, or its own.
func translation(s *snapshot, e content.Entry, locale string) string {
	for _, other := range s.entries {
		if other.ID == e.ID && other.Lang == locale {
			return other.Path
		}
	}
	return e.Path
}
