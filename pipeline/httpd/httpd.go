// Package httpd runs an HTTP server until it is told to stop.
package httpd

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// Run answers on l until ctx ends, and then has grace to finish what it has
// begun.
func Run(ctx context.Context, l net.Listener, server *http.Server, grace time.Duration) error {
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		shutdown, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		stopped <- server.Shutdown(shutdown)
	})
	err := server.Serve(l)
	if stop() || !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
