package web

import (
	"net/http"
	"strings"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// renewing reads the token of a mail that asks whether the reader wants to
// stay, and answers itself when it is none.
func (s *Site) renewing(w http.ResponseWriter, r *http.Request) (sub audience.Subscriber, ok bool) {
	id, ok := s.Keys.Verify(audience.Renew, r.PathValue("token"))
	if !ok {
		s.notFound(w, r)
		return sub, false
	}
	if sub, ok = s.reader(w, r, id); ok && sub.Status != audience.Active {
		s.gone(w, r, s.language(r, sub.Lang))
		ok = false
	}
	return sub, ok
}

func (s *Site) renewTexts(p *messagePage) {
	p.Text = []string{p.L.T("web.renew.text", "Name", p.Name, "Organization", p.Organization)}
	p.Form = &form{keep(p.path, p.Lang), p.L.T("web.renew.button")}
}

func (s *Site) serveRenew(w http.ResponseWriter, r *http.Request) {
	sub, ok := s.renewing(w, r)
	if !ok {
		return
	}
	s.say(w, r, http.StatusOK, s.language(r, sub.Lang), "web.renew", s.renewTexts, func(p *messagePage) {
		p.Links = []link{{p.L.T("web.preferences.leave"), p.Root + s.unsubscribing(sub.ID)}}
	})
}

func (s *Site) renew(w http.ResponseWriter, r *http.Request) {
	sub, ok := s.renewing(w, r)
	if !ok || !s.readForm(w, r) {
		return
	}
	lang := s.language(r, sub.Lang)
	shown := messagePage{page: s.page(r, lang, "web.renew.title")}
	s.renewTexts(&shown)
	consent := s.consent(r, shown.page, strings.Join(append(shown.Text, shown.Form.Button), "\n\n"))
	after, err := s.Readers.Renew(r.Context(), s.Now(), sub.ID, consent)
	switch {
	case failed(err):
		s.trouble(w, r, err)
	case after.Status != audience.Active:
		s.gone(w, r, lang)
	default:
		s.say(w, r, http.StatusOK, lang, "web.renewed", s.linkArchive)
	}
}
