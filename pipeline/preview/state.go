package preview

import (
	"net/url"
	"slices"
	"strconv"
)

// state is what the author chose, all of it in the page's address: a page can
// be reloaded, kept and gone back to, and every switch is a link.
type state struct {
	issue  int    // a past issue; 0: the next one
	entry  string // path of an entry shown alone; "": a whole issue
	locale string // of the reader; "": the newsletter's first, or the entry's own
	at     string // as if it were then; "": now
	view   string
	width  string
	theme  string
	images string // "off", or ""
	styles string // "off", or ""
}

// The choices; the first of each is the one that addresses leave out.
var (
	views  = []string{"mail", "text", "headers", "source"}
	widths = []string{"full", "600", "320"}
	themes = []string{"light", "dark", "inverted"}
)

// stateOf reads an address. What is no choice is the first one.
func stateOf(q url.Values) state {
	s := state{
		entry: q.Get("entry"), locale: q.Get("lang"), at: q.Get("at"),
		view: one(views, q.Get("view")), width: one(widths, q.Get("width")), theme: one(themes, q.Get("theme")),
		images: one([]string{"", "off"}, q.Get("images")), styles: one([]string{"", "off"}, q.Get("styles")),
	}
	if n, err := strconv.Atoi(q.Get("issue")); err == nil && n > 0 && s.entry == "" {
		s.issue = n
	}
	return s
}

func one(choices []string, value string) string {
	if slices.Contains(choices, value) {
		return value
	}
	return choices[0]
}

// mail is the part of an address that says which mail.
func (s state) mail() url.Values {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	if s.issue > 0 {
		q.Set("issue", strconv.Itoa(s.issue))
	}
	set("entry", s.entry)
	set("lang", s.locale)
	set("at", s.at)
	return q
}

// frame is the address of the mail's HTML.
func (s state) frame() string {
	q := s.mail()
	for name, value := range map[string]string{"images": s.images, "styles": s.styles} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return address("/mail", q)
}

// page is the address of the page.
func (s state) page() string { return address("/", s.query()) }

func (s state) query() url.Values {
	q := s.mail()
	for _, choice := range []struct{ name, value, usual string }{
		{"view", s.view, views[0]}, {"width", s.width, widths[0]}, {"theme", s.theme, themes[0]},
		{"images", s.images, ""}, {"styles", s.styles, ""},
	} {
		if choice.value != choice.usual {
			q.Set(choice.name, choice.value)
		}
	}
	return q
}

func address(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// next, past and alone are the addresses of other mails, seen in the same way.
func (s state) next() state {
	s.issue, s.entry = 0, ""
	return s
}

func (s state) past(number int) state {
	s.issue, s.entry, s.at = number, "", ""
	return s
}

func (s state) alone(path, locale string) state {
	s.issue, s.entry, s.locale = 0, path, locale
	return s
}
