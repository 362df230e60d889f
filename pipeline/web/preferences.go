package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// maxPause is the longest pause; after that, forgetting us is likelier.
const maxPause = 366 * 24 * time.Hour

type preferencesPage struct {
	page
	Notice     string
	Masked     string
	Action     string
	Choices    []choice
	Reader     string // name, as stored or typed
	NameError  string
	Pause      string // date, as stored or typed
	PauseError string
	Earliest   string
	Latest     string
	Leave      string
}

// preferencesOf fills the page with what is stored.
func (s *Site) preferencesOf(r *http.Request, lang string, sub audience.Subscriber) preferencesPage {
	now := s.Now().In(s.Newsletter.Location)
	p := preferencesPage{
		page: s.page(r, lang, "web.preferences.title"), Masked: sub.Address.Masked(),
		Reader: sub.Name, Leave: keep(s.root+s.unsubscribing(sub.ID), lang),
		Earliest: now.AddDate(0, 0, 1).Format(time.DateOnly), Latest: now.Add(maxPause).Format(time.DateOnly),
	}
	p.Action = keep(p.path, lang)
	stored, _ := s.oneOf(sub.Lang)
	p.Choices = s.choices(stored)
	if sub.PausedUntil.After(now) {
		p.Pause = sub.PausedUntil.In(s.Newsletter.Location).Format(time.DateOnly)
	}
	return p
}

func (s *Site) servePreferences(w http.ResponseWriter, r *http.Request) {
	sub, ok := s.subscribed(w, r, audience.Preferences)
	if !ok {
		return
	}
	p := s.preferencesOf(r, s.language(r, sub.Lang), sub)
	s.render(w, r, http.StatusOK, "preferences.html", p.page, p)
}

// setPreferences answers in the language just chosen.
func (s *Site) setPreferences(w http.ResponseWriter, r *http.Request) {
	sub, ok := s.subscribed(w, r, audience.Preferences)
	if !ok || !s.readForm(w, r) {
		return
	}
	lang := s.language(r, sub.Lang)
	p := s.preferencesOf(r, lang, sub)
	chosen := audience.Choices{Lang: sub.Lang}
	if language, ok := s.oneOf(r.PostFormValue("language")); ok {
		chosen.Lang = s.chosen(language, sub.Lang)
	}
	var err error
	p.Reader = r.PostFormValue("name")
	if chosen.Name, err = audience.ParseName(p.Reader); err != nil {
		p.NameError = p.L.T("web.preferences.bad-name")
	}
	p.Pause = strings.TrimSpace(r.PostFormValue("pause"))
	if chosen.PausedUntil, ok = s.pause(p.Pause); !ok {
		p.PauseError = p.L.T("web.preferences.bad-date")
	}
	if p.NameError != "" || p.PauseError != "" {
		s.render(w, r, http.StatusUnprocessableEntity, "preferences.html", p.page, p)
		return
	}
	after, err := s.Readers.SetPreferences(r.Context(), s.Now(), sub.ID, chosen, s.consent(r, p.page, ""))
	switch {
	case failed(err):
		s.trouble(w, r, err)
	case after.Status != audience.Active:
		s.gone(w, r, lang)
	default:
		if other, ok := s.oneOf(chosen.Lang); ok && chosen.Lang != sub.Lang {
			lang = other
		}
		p = s.preferencesOf(r, lang, after)
		p.Notice = s.saved(p.page, after)
		s.render(w, r, http.StatusOK, "preferences.html", p.page, p)
	}
}

// pause reads the day on which the mails begin again, "" for no pause.
func (s *Site) pause(text string) (until time.Time, ok bool) {
	if text == "" {
		return time.Time{}, true
	}
	until, err := time.ParseInLocation(time.DateOnly, text, s.Newsletter.Location)
	ahead := until.Sub(s.Now())
	return until, err == nil && ahead > 0 && ahead <= maxPause
}

func (s *Site) saved(p page, sub audience.Subscriber) string {
	if sub.PausedUntil.IsZero() {
		return p.L.T("web.preferences.saved")
	}
	return p.L.T("web.preferences.paused", "Date", p.L.Date("long", sub.PausedUntil.In(s.Newsletter.Location)))
}
