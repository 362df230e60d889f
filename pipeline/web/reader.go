package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// The pages that a link in a mail leads to: each reads its token, shows a
// button, and does something when that is pressed. What reads the token here
// answers itself where ok is false.

// holder is whom a link of a purpose stands for; a forged one is not found.
func (s *Site) holder(w http.ResponseWriter, r *http.Request, p audience.Purpose) (sub audience.Subscriber, ok bool) {
	id, ok := s.Keys.Verify(p, r.PathValue("token"))
	if !ok {
		s.notFound(w, r)
		return sub, false
	}
	return s.reader(w, r, id)
}

// subscribed is holder for pages that are of no use to who is not subscribed.
func (s *Site) subscribed(w http.ResponseWriter, r *http.Request, p audience.Purpose) (sub audience.Subscriber, ok bool) {
	if sub, ok = s.holder(w, r, p); ok && sub.Status != audience.Active {
		s.gone(w, r, s.language(r, sub.Lang))
		ok = false
	}
	return sub, ok
}

// reader is whom a link stands for, the zero value but for the ID when they
// are forgotten.
func (s *Site) reader(w http.ResponseWriter, r *http.Request, id audience.ID) (sub audience.Subscriber, ok bool) {
	sub, err := s.Readers.Subscriber(r.Context(), id)
	if failed(err) {
		s.trouble(w, r, err)
		return sub, false
	}
	sub.ID = id
	return sub, true
}

// gone answers who is not subscribed any more.
func (s *Site) gone(w http.ResponseWriter, r *http.Request, lang string) {
	s.say(w, r, http.StatusOK, lang, "web.gone", s.linkSubscribe)
}

// failed sorts out that somebody is forgotten, which is an answer.
func failed(err error) bool { return err != nil && !errors.Is(err, audience.ErrNotFound) }

// consent is what the register keeps of an answer on a page.
func (s *Site) consent(r *http.Request, p page, text string) audience.Consent {
	return audience.Consent{Lang: p.L.Tag(), Text: text, Origin: audience.Link, Network: s.network(r)}
}

// agreement is the consent given by the button of a page: to all that texts
// puts on it.
func (s *Site) agreement(r *http.Request, lang, title string, texts func(*messagePage)) audience.Consent {
	shown := messagePage{page: s.page(r, lang, title)}
	texts(&shown)
	return s.consent(r, shown.page, strings.Join(append(shown.Text, shown.Form.Button), "\n\n"))
}
