// Package loopback serves pages that are for this machine alone.
package loopback

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/infolettre/infolettre/pipeline/httpd"
)

// Listen takes a port of 127.0.0.1, which no other machine reaches. With
// orAny, another free one will do when it is taken.
func Listen(port int, orAny bool) (net.Listener, error) {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if errors.Is(err, syscall.EADDRINUSE) && orAny {
		return net.Listen("tcp", "127.0.0.1:0")
	}
	return l, err
}

// stopTime is longer than the five seconds for which net/http takes a
// connection that asked for nothing yet, such as a browser's spare one, for busy.
const stopTime = 10 * time.Second

// Serve answers until ctx ends, which also ends the answers that are still
// being written.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	return httpd.Run(ctx, l, &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}, stopTime)
}

// Named reports whether a Host header names this machine alone.
func Named(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if name := strings.ToLower(host); name == "localhost" || strings.HasSuffix(name, ".localhost") { // RFC 6761 §6.3
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}

// Only keeps a foreign site whose name was made to resolve to 127.0.0.1 from
// reading the pages.
func Only(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Named(r.Host) {
			http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// SameOrigin refuses what pages of other origins ask for, another port of this
// machine included: not even whether a file exists is theirs to learn.
func SameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if foreign(r) {
			http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
			return
		}
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// foreign believes the browser, which says who asks; what is no browser, or
// an old one, may say nothing. "none" is somebody who typed the address.
func foreign(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != r.Host
}
