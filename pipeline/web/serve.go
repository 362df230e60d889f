package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/infolettre/infolettre/pipeline/httpd"
)

// Limits of what one client can hold.
const (
	headerTime = 5 * time.Second
	readTime   = 20 * time.Second
	writeTime  = time.Minute
	idleTime   = 2 * time.Minute
	maxHeader  = 16 << 10
	stopTime   = 10 * time.Second // for answers in progress
)

// Serve answers on l until ctx ends, and then finishes what it has begun.
func Serve(ctx context.Context, l net.Listener, h http.Handler, logger *slog.Logger) error {
	return httpd.Run(ctx, l, &http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime,
		IdleTimeout: idleTime, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}, stopTime)
}
