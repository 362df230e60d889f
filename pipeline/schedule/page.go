package schedule

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/riverqueue/river"
	"riverqueue.com/riverui"
)

// PagePath is where a Page expects to be mounted.
const PagePath = "/river/"

// Page shows the queues of a worker that runs. Whoever sees it can cancel
// jobs, so it belongs on an address that only the team reaches.
type Page struct {
	handler atomic.Pointer[riverui.Handler]
}

// ServeHTTP answers that nothing is there while no worker runs.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler := p.handler.Load()
	if handler == nil {
		http.Error(w, "no worker runs in this process yet", http.StatusServiceUnavailable)
		return
	}
	http.NewCrossOriginProtection().Handler(handler).ServeHTTP(w, r)
}

func (p *Page) start(ctx context.Context, jobs *river.Client[*sql.Tx], logger *slog.Logger) error {
	handler, err := riverui.NewHandler(&riverui.HandlerOpts{
		Endpoints: riverui.NewEndpoints(jobs, nil), Logger: logger, Prefix: PagePath,
	})
	if err == nil {
		err = handler.Start(ctx)
	}
	if err != nil {
		return fmt.Errorf("the page of the jobs: %w", err)
	}
	p.handler.Store(handler)
	return nil
}
