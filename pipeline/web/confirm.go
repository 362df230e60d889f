package web

import (
	"net/http"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/render"
)

// confirmTime is how long the link in a confirmation mail is good for.
const confirmTime = 7 * 24 * time.Hour

// confirming reads the token of a confirmation link, and answers itself when
// it is none or too old.
func (s *Site) confirming(w http.ResponseWriter, r *http.Request) (sub audience.Subscriber, ok bool) {
	id, made, ok := s.Keys.VerifyAt(audience.Confirm, r.PathValue("token"))
	if !ok {
		s.notFound(w, r)
		return sub, false
	}
	if s.Now().Sub(made) > confirmTime {
		s.expired(w, r, s.language(r, ""))
		return sub, false
	}
	return s.reader(w, r, id)
}

func (s *Site) expired(w http.ResponseWriter, r *http.Request, lang string) {
	s.say(w, r, http.StatusGone, lang, "web.expired", s.linkSubscribe)
}

// confirmTexts is what a reader agrees to by the button, and the button.
func (s *Site) confirmTexts(p *messagePage) {
	p.Text = []string{p.L.T("web.confirm.text", "Name", p.Name, "Organization", p.Organization)}
	p.Form = &form{keep(p.path, p.Lang), p.L.T("web.confirm.button")}
}

func (s *Site) serveConfirm(w http.ResponseWriter, r *http.Request) {
	sub, ok := s.confirming(w, r)
	if !ok {
		return
	}
	s.say(w, r, http.StatusOK, s.language(r, sub.Lang), "web.confirm", s.confirmTexts)
}

func (s *Site) confirm(w http.ResponseWriter, r *http.Request) {
	sub, ok := s.confirming(w, r)
	if !ok || !s.readForm(w, r) {
		return
	}
	lang := s.language(r, sub.Lang)
	consent := s.agreement(r, lang, "web.confirm.title", s.confirmTexts)
	after, err := s.Register.Confirm(r.Context(), s.Now(), sub.ID, s.chosen(lang, sub.Lang), consent)
	switch {
	case failed(err):
		s.trouble(w, r, err)
	case after.Status != audience.Active:
		s.expired(w, r, lang)
	default:
		s.say(w, r, http.StatusOK, lang, "web.welcome", s.linkArchive, func(p *messagePage) {
			p.Links = append(p.Links, link{p.L.T("web.link.preferences"), p.Root + s.preferences(sub.ID)})
		})
	}
}

// preferences is the path of a reader's preferences.
func (s *Site) preferences(id audience.ID) string {
	return render.PreferencesPath + s.signer.Token(audience.Preferences, id)
}
