package main

import (
	"encoding/json"
	"net/http"

	"github.com/infolettre/infolettre/pipeline/schedule"
	"github.com/infolettre/infolettre/pipeline/store"
)

// privateHandler serves what only the team may see, on an address that no
// proxy leads to. jobs is nil when nobody asked for them.
func privateHandler(s *store.Store, jobs *schedule.Page) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { serveHealth(w, r, s) })
	if jobs != nil {
		mux.Handle(schedule.PagePath, jobs)
	}
	return mux
}

// health is what the server says of itself to the team's monitoring.
type health struct {
	Version string `json:"version"`
	Healthy bool   `json:"healthy"`
	Error   string `json:"error,omitempty"`
	Outbox  int    `json:"outbox"` // mails that wait
}

func serveHealth(w http.ResponseWriter, r *http.Request, s *store.Store) {
	h := health{Version: version}
	var err error
	if h.Outbox, err = s.OutboxWaiting(r.Context()); err != nil {
		h.Error = err.Error()
	}
	h.Healthy = err == nil
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !h.Healthy {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(h) // a client that went away
}
