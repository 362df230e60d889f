package web

import (
	"fmt"
	"strings"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/render"
)

// Letter is what a mail of the outbox says: the kinds that readers cause, and
// whose button leads to a page of ours. A link to confirm is good from the
// moment its mail is sent, however long that had to wait.
func (s *Site) Letter(m audience.Mail) (render.Letter, error) {
	lang, ok := s.oneOf(m.Lang)
	if !ok {
		lang = s.Languages[0]
	}
	l := s.Catalogue.Locale(lang)
	if variant, ok := s.Catalogue.Match(m.Lang); ok && strings.HasPrefix(variant.Tag(), lang) {
		l = variant // fr-CA reads the pages of fr, and a mail of its own
	}
	var path string
	switch m.Kind {
	case audience.MailConfirm:
		path = render.ConfirmPath + s.signer.TokenAt(audience.Confirm, m.Subscriber, s.Now())
	case audience.MailKnown:
		path = s.preferences(m.Subscriber)
	case audience.MailRenew:
		path = render.RenewPath + s.signer.Token(audience.Renew, m.Subscriber)
	default:
		return render.Letter{}, fmt.Errorf("no words for a letter of kind %q", m.Kind)
	}
	id := "letter." + string(m.Kind)
	say := func(part string) string { return l.T(id+part, "Name", s.Newsletter.Name) }
	return render.Letter{
		Locale: l.Tag(), Subject: say(".subject"), Text: []string{say(".text")},
		Button: say(".button"), URL: s.absolute(keep(path, lang)),
		After: []string{say(".after")}, Why: say(".why"),
	}, nil
}
