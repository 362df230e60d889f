package web

import (
	"context"
	"net/http"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/render"
)

// Gate is where issues wait for the team. An issue is named by a mark that
// another content of the same number does not have.
type Gate interface {
	// Waiting finds the issue, ok is false when it waits no more.
	Waiting(ctx context.Context, mark audience.ID) (number int, ok bool, err error)
	Approve(ctx context.Context, mark audience.ID) error
	Stop(ctx context.Context, mark audience.ID) error
}

// GateURL is the page on which the team lets an issue go, or stops it.
func (s *Site) GateURL(p audience.Purpose, mark audience.ID) string {
	return s.absolute(gatePath(p) + s.signer.Token(p, mark))
}

func gatePath(p audience.Purpose) string {
	if p == audience.Stop {
		return render.StopPath
	}
	return render.ApprovePath
}

// gate serves the page of one purpose, and its button. The other purpose is a
// link away.
func (s *Site) gate(p audience.Purpose, act func(context.Context, audience.ID) error) (get, post http.HandlerFunc) {
	id := "web." + string(p)
	waiting := func(w http.ResponseWriter, r *http.Request) (mark audience.ID, number int, ok bool) {
		mark, ok = s.Keys.Verify(p, r.PathValue("token"))
		if !ok {
			s.notFound(w, r)
			return mark, 0, false
		}
		number, ok, err := s.Gate.Waiting(r.Context(), mark)
		switch {
		case err != nil:
			s.trouble(w, r, err)
		case !ok:
			s.say(w, r, http.StatusGone, s.language(r, ""), "web.gate-over")
		}
		return mark, number, ok && err == nil
	}
	get = func(w http.ResponseWriter, r *http.Request) {
		mark, number, ok := waiting(w, r)
		if !ok {
			return
		}
		s.say(w, r, http.StatusOK, s.language(r, ""), id, func(m *messagePage) {
			m.Text = []string{m.L.T(id+".text", "Number", number)}
			m.Form = &form{m.path, m.L.T(id + ".button")}
			other := audience.Stop
			if p == audience.Stop {
				other = audience.Approve
			}
			m.Links = []link{{m.L.T("web." + string(other) + ".link"), m.Root + gatePath(other) + s.signer.Token(other, mark)}}
		})
	}
	post = func(w http.ResponseWriter, r *http.Request) {
		mark, number, ok := waiting(w, r)
		if !ok {
			return
		}
		if err := act(r.Context(), mark); err != nil {
			s.trouble(w, r, err)
			return
		}
		s.say(w, r, http.StatusOK, s.language(r, ""), id+"-done", func(m *messagePage) {
			m.Text = []string{m.L.T(id+"-done.text", "Number", number)}
		})
	}
	return get, post
}

// routeGate adds the team's pages, where there is a gate.
func (s *Site) routeGate(route func(method, page string, h http.HandlerFunc)) {
	if s.Gate == nil {
		return
	}
	for p, act := range map[audience.Purpose]func(context.Context, audience.ID) error{audience.Approve: s.Gate.Approve, audience.Stop: s.Gate.Stop} {
		get, post := s.gate(p, act)
		route("GET", gatePath(p)+"{token}", get)
		route("POST", gatePath(p)+"{token}", post)
	}
}
