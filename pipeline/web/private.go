package web

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/stats"
)

// Figures is what the team's pages show.
type Figures interface {
	Figures(ctx context.Context, now time.Time, zone *time.Location, weeks int) (stats.Figures, error)
	OutboxWaiting(ctx context.Context) (int, error)
}

// shownWeeks is how far back the figures go.
const shownWeeks = 12

type figuresPage struct {
	L       *locales.Locale
	Name    string
	Waiting int // mails in the outbox
	Chart   string
	Slots   []slotFigures
	Issues  []issueFigures
	Weeks   []weekFigures
}

type slotFigures struct{ Date, Outcome string }

type issueFigures struct{ Number, Date, Deliveries, Refused, Departures string }

type weekFigures struct{ Begin, Requested, Confirmed, Imported, Departed string }

// Private serves what is for the team alone, on an address that no proxy
// leads to: GET only, figures and no names.
func (s *Site) Private(f Figures) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { s.serveFigures(w, r, f) })
	mux.HandleFunc("GET /chart.svg", func(w http.ResponseWriter, r *http.Request) { s.serveChart(w, r, f) })
	mux.HandleFunc("GET "+stylePath, s.serveStyle)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { s.serveDetails(w, r, f) })
	return s.log(headers(mux))
}

func (s *Site) figures(r *http.Request, f Figures) (stats.Figures, error) {
	return f.Figures(r.Context(), s.Now(), s.Newsletter.Location, shownWeeks)
}

func (s *Site) serveFigures(w http.ResponseWriter, r *http.Request, f Figures) {
	figures, err := s.figures(r, f)
	if err != nil {
		s.trouble(w, r, err)
		return
	}
	l := s.Catalogue.Locale(s.language(r, ""))
	p := figuresPage{L: l, Name: s.Newsletter.Name, Chart: stats.ChartWords(l, figures.Weeks).Description}
	if p.Waiting, err = f.OutboxWaiting(r.Context()); err != nil {
		s.trouble(w, r, err)
		return
	}
	for _, slot := range figures.Slots {
		p.Slots = append(p.Slots, slotFigures{l.Date("moment", slot.Slot.In(s.Newsletter.Location)), s.outcome(l, slot)})
	}
	for _, is := range figures.Issues {
		p.Issues = append(p.Issues, issueFigures{
			Number: l.Number(is.Number), Date: l.Date("short", is.Slot.In(s.Newsletter.Location)),
			Deliveries: states(l, is.States), Refused: classes(l, is.Refused), Departures: l.Number(is.Unsubscribed),
		})
	}
	for _, week := range slices.Backward(figures.Weeks) {
		p.Weeks = append(p.Weeks, weekFigures{
			l.Date("short", week.Begin), l.Number(week.Requested), l.Number(week.Confirmed), l.Number(week.Imported), l.Number(week.Departed),
		})
	}
	s.render(w, r, http.StatusOK, "figures.html", page{L: l}, p)
}

// late is how long after its slot an issue is made, for the page to say so.
const late = 15 * time.Minute

// outcome says what became of a slot.
func (s *Site) outcome(l *locales.Locale, slot stats.Slot) string {
	args := map[string]any{"Number": slot.Number}
	id := string(slot.Outcome)
	switch {
	case slot.State != "":
		id, args["Reason"] = string(slot.State), slot.Held
		if !slot.Release.IsZero() {
			args["Release"] = l.Date("moment", slot.Release.In(s.Newsletter.Location))
		}
	case slot.Reason == "closed":
		id = slot.Reason
	case slot.Reason != "":
		args["Reason"] = l.T("holiday." + slot.Reason)
	}
	text := l.Format("web.slot."+id, args)
	if slot.State != "" && slot.At.Sub(slot.Slot) > late {
		text += " " + l.T("web.slot.late", "Date", l.Date("moment", slot.At.In(s.Newsletter.Location)))
	}
	return text
}

// states writes "40 acceptés, 2 en attente".
func states(l *locales.Locale, tally map[deliver.State]int) string {
	var parts []string
	for _, state := range deliver.States {
		if tally[state] > 0 {
			parts = append(parts, l.T("state."+string(state), "Count", tally[state]))
		}
	}
	return strings.Join(parts, ", ")
}

func classes(l *locales.Locale, refused map[deliver.Class]int) string {
	var parts []string
	for _, class := range slices.Sorted(maps.Keys(refused)) {
		parts = append(parts, l.T("web.figures.class", "Class", l.T("class."+string(class)), "Count", refused[class]))
	}
	return strings.Join(parts, ", ")
}

// serveChart is a picture of its own: its style stays in it.
func (s *Site) serveChart(w http.ResponseWriter, r *http.Request, f Figures) {
	figures, err := s.figures(r, f)
	if err != nil {
		s.trouble(w, r, err)
		return
	}
	var chart bytes.Buffer
	if err := stats.WriteChart(&chart, figures.Weeks, stats.ChartWords(s.Catalogue.Locale(s.language(r, "")), figures.Weeks)); err != nil {
		s.trouble(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_, _ = chart.WriteTo(w) // a browser that went away
}

// details are what the server says of itself to the team's monitoring.
type details struct {
	Healthy bool   `json:"healthy"`
	Error   string `json:"error,omitempty"`
	Outbox  int    `json:"outbox"` // mails that wait
}

func (s *Site) serveDetails(w http.ResponseWriter, r *http.Request, f Figures) {
	waiting, err := f.OutboxWaiting(r.Context())
	if err == nil {
		err = s.Healthy(r.Context())
	}
	d := details{Healthy: err == nil, Outbox: waiting}
	status := http.StatusOK
	if err != nil {
		d.Error, status = err.Error(), http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(d) // a client that went away
}
