package preview

import (
	"fmt"
	"net/http"
	"sync"
)

// readers are the pages that wait for a newer version.
type readers struct {
	mu      sync.Mutex
	waiting map[chan string]bool
}

// tell gives all pages the newest version; one that was not read is forgotten.
func (r *readers) tell(version string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for page := range r.waiting {
		select {
		case <-page:
		default:
		}
		page <- version // holds one, and only this function sends
	}
}

func (r *readers) join() chan string {
	page := make(chan string, 1)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		r.waiting = map[chan string]bool{}
	}
	r.waiting[page] = true
	return page
}

func (r *readers) leave(page chan string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, page)
}

// serveEvents is a stream of versions, the present one first: a page that was
// away sees at once whether it is old.
func (p *Preview) serveEvents(w http.ResponseWriter, r *http.Request) {
	page := p.readers.join()
	defer p.readers.leave(page)
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	stream := http.NewResponseController(w)
	version := p.current.Load().version
	for {
		if _, err := fmt.Fprintf(w, "retry: 500\nevent: version\ndata: %s\n\n", version); err != nil {
			return
		}
		if err := stream.Flush(); err != nil {
			return
		}
		select {
		case version = <-page:
		case <-r.Context().Done():
			return
		}
	}
}
