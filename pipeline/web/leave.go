package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/render"
)

// Below a reader's unsubscription link; both are posted to only.
const (
	undoPath   = "/undo"
	reasonPath = "/reason"
)

// reasons to leave, as the register keeps them; words "web.reason.<name>".
var reasons = []string{"too-many", "not-for-me", "never-asked", "elsewhere", "other"}

// maxWords bounds a reason in a reader's own words, in characters.
const maxWords = 500

// leftPage tells that it is done.
type leftPage struct {
	page
	Undo, Reason string // where their forms lead
	Reasons      []reasonChoice
}

type reasonChoice struct{ Value, Label string }

func (s *Site) serveLeave(w http.ResponseWriter, r *http.Request) {
	sub, ok := s.holder(w, r, audience.Unsubscribe)
	if !ok {
		return
	}
	lang := s.language(r, sub.Lang)
	if sub.Status != audience.Active {
		s.gone(w, r, lang)
		return
	}
	s.say(w, r, http.StatusOK, lang, "web.leave", func(p *messagePage) {
		p.Text = []string{p.L.T("web.leave.text", "Name", p.Name, "Address", sub.Address.Masked())}
		p.Form = &form{keep(p.path, lang), p.L.T("web.leave.button")}
		p.After = []string{p.L.T("web.leave.rather")}
		p.Links = []link{{p.L.T("web.link.preferences"), keep(p.Root+s.preferences(sub.ID), lang)}}
	})
}

// leave unsubscribes, at once, whoever posts: the button of our page, or the
// one that a mail program shows beside the mail (RFC 8058), which sends
// "List-Unsubscribe=One-Click", urlencoded or multipart, or forgets to. The
// answer is the same page for the first time and the tenth, for who is
// subscribed and who is suppressed or forgotten.
func (s *Site) leave(w http.ResponseWriter, r *http.Request) {
	sub, ok := s.holder(w, r, audience.Unsubscribe)
	if !ok || !s.readForm(w, r) {
		return
	}
	lang := s.language(r, sub.Lang)
	p := leftPage{page: s.page(r, lang, "web.left.title")}
	consent := s.consent(r, p.page, "")
	if r.PostFormValue("button") != "page" {
		consent.Origin = audience.OneClick
	}
	if _, err := s.Register.Unsubscribe(r.Context(), s.Now(), sub.ID, consent); failed(err) {
		s.trouble(w, r, err)
		return
	}
	p.Undo, p.Reason = keep(p.path+undoPath, lang), keep(p.path+reasonPath, lang)
	for _, name := range reasons {
		p.Reasons = append(p.Reasons, reasonChoice{name, p.L.T("web.reason." + name)})
	}
	s.render(w, r, http.StatusOK, "left.html", p.page, p)
}

// undo takes an unsubscription back, from the page that announced it.
func (s *Site) undo(w http.ResponseWriter, r *http.Request) {
	sub, ok := s.holder(w, r, audience.Unsubscribe)
	if !ok || !s.readForm(w, r) {
		return
	}
	lang := s.language(r, sub.Lang)
	p := s.page(r, lang, "web.left.title")
	after, err := s.Register.Restore(r.Context(), s.Now(), sub.ID, s.consent(r, p, p.L.T("web.left.undo")))
	switch {
	case failed(err):
		s.trouble(w, r, err)
	case after.Status != audience.Active:
		s.gone(w, r, lang)
	default:
		s.say(w, r, http.StatusOK, lang, "web.back", func(p *messagePage) {
			p.Links = []link{{p.L.T("web.link.preferences"), keep(p.Root+s.preferences(sub.ID), lang)}}
		})
	}
}

// reason keeps why somebody left, if they care to say.
func (s *Site) reason(w http.ResponseWriter, r *http.Request) {
	sub, ok := s.holder(w, r, audience.Unsubscribe)
	if !ok || !s.readForm(w, r) {
		return
	}
	lang := s.language(r, sub.Lang)
	var said []string
	if name := r.PostFormValue("reason"); slices.Contains(reasons, name) {
		said = append(said, name)
	}
	if words := []rune(strings.TrimSpace(r.PostFormValue("words"))); len(words) > 0 {
		said = append(said, string(words[:min(len(words), maxWords)]))
	}
	if len(said) > 0 {
		consent := s.consent(r, s.page(r, lang, "web.thanks.title"), "")
		consent.Detail = strings.Join(said, ": ")
		if err := s.Readers.LeaveReason(r.Context(), s.Now(), sub.ID, consent); failed(err) {
			s.trouble(w, r, err)
			return
		}
	}
	s.say(w, r, http.StatusOK, lang, "web.thanks", s.linkHome)
}

// unsubscribing is the path of a reader's unsubscription link.
func (s *Site) unsubscribing(id audience.ID) string {
	return render.UnsubscribePath + s.signer.Token(audience.Unsubscribe, id)
}
