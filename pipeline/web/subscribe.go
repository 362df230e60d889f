package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/render"
)

// How long a form takes to fill in: a program is faster, and a page left
// open for days may have changed.
const (
	leastTime = 2 * time.Second
	mostTime  = 24 * time.Hour
)

type subscribePage struct {
	page
	Notice  string // why the form is here again
	Address string // as typed
	Error   string // what is wrong with it
	Choices []choice
	Served  string // when the form was served, signed
	Consent []string
	Button  string
}

// form is an empty form. Its texts are those that the register keeps.
func (s *Site) form(r *http.Request, lang string) subscribePage {
	n := s.Newsletter
	p := subscribePage{page: s.page(r, lang, "web.subscribe.title"), Choices: s.choices(lang)}
	p.Served = s.signer.TokenAt(audience.Served, audience.ID{}, s.Now())
	p.Consent = []string{
		p.L.T("web.subscribe.consent", "Organization", n.Organization, "Name", n.Name),
		p.L.T("web.subscribe.rights"),
	}
	p.Button = p.L.T("web.subscribe.button")
	description := n.Tagline
	if description == "" {
		description = p.L.T("web.subscribe.lead", "Name", n.Name)
	}
	s.published(&p.page, description, func(lang string) string { return keep(render.SubscribePath, lang) })
	return p
}

func (s *Site) serveForm(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept-Language")
	p := s.form(r, s.language(r, ""))
	s.render(w, r, http.StatusOK, "subscribe.html", p.page, p)
}

// subscribe answers everybody alike: whether the address is new, known or
// suppressed is said to its owner alone, by mail.
func (s *Site) subscribe(w http.ResponseWriter, r *http.Request) {
	if !s.readForm(w, r) {
		return
	}
	now, lang := s.Now(), s.language(r, "")
	p := s.form(r, lang)
	p.Address = r.PostFormValue("address")
	again := func() { s.render(w, r, http.StatusUnprocessableEntity, "subscribe.html", p.page, p) }

	address, err := audience.ParseAddress(p.Address)
	switch {
	case errors.Is(err, audience.ErrLocalPart):
		p.Error = p.L.T("web.subscribe.local-part")
		again()
		return
	case err != nil:
		p.Error = p.L.T("web.subscribe.bad-address")
		again()
		return
	case !s.byHand(r, now):
		p.Notice = p.L.T("web.subscribe.again")
		again()
		return
	}
	network := s.network(r)
	if wait, ok := s.limit.allow(network, now); !ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
		s.say(w, r, http.StatusTooManyRequests, lang, "web.too-many")
		return
	}
	request := audience.Request{Address: address, Lang: lang, Consent: audience.Consent{
		Lang: p.L.Tag(), Text: strings.Join(append(p.Consent, p.Button), "\n\n"), Origin: audience.Form, Network: network,
	}}
	if chosen, ok := s.oneOf(r.PostFormValue("language")); ok {
		request.Lang = chosen
	}
	if err := s.Register.Subscribe(r.Context(), now, request); err != nil {
		s.trouble(w, r, err)
		return
	}
	s.say(w, r, http.StatusOK, lang, "web.asked", func(p *messagePage) {
		p.After = []string{p.L.T("web.asked.after")}
	})
}

// byHand reports that a person filled in the form: it was served by us, not a
// moment ago, and the field that nobody sees is empty.
func (s *Site) byHand(r *http.Request, now time.Time) bool {
	_, served, ok := s.Keys.VerifyAt(audience.Served, r.PostFormValue("served"))
	age := now.Sub(served)
	return ok && age >= leastTime && age <= mostTime && r.PostFormValue("topic") == ""
}
