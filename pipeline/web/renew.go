package web

import (
	"net/http"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// renewTexts is what a mail asks that goes to who was not heard of for long:
// whether they want to stay.
func (s *Site) renewTexts(p *messagePage) {
	p.Text = []string{p.L.T("web.renew.text", "Name", p.Name, "Organization", p.Organization)}
	p.Form = &form{keep(p.path, p.Lang), p.L.T("web.renew.button")}
}

func (s *Site) serveRenew(w http.ResponseWriter, r *http.Request) {
	sub, ok := s.subscribed(w, r, audience.Renew)
	if !ok {
		return
	}
	s.say(w, r, http.StatusOK, s.language(r, sub.Lang), "web.renew", s.renewTexts, func(p *messagePage) {
		p.Links = []link{{p.L.T("web.preferences.leave"), p.Root + s.unsubscribing(sub.ID)}}
	})
}

func (s *Site) renew(w http.ResponseWriter, r *http.Request) {
	sub, ok := s.subscribed(w, r, audience.Renew)
	if !ok || !s.readForm(w, r) {
		return
	}
	lang := s.language(r, sub.Lang)
	after, err := s.Readers.Renew(r.Context(), s.Now(), sub.ID, s.agreement(r, lang, "web.renew.title", s.renewTexts))
	switch {
	case failed(err):
		s.trouble(w, r, err)
	case after.Status != audience.Active:
		s.gone(w, r, lang)
	default:
		s.say(w, r, http.StatusOK, lang, "web.renewed", s.linkArchive)
	}
}
