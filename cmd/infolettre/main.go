// Command infolettre assembles dated Markdown entries into a numbered issue and sends it by SMTP to each subscriber, once.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // the container has no zone files

	_ "golang.org/x/crypto/x509roots/fallback" // nor certificates
)

// version is set by the linker in releases.
var version = "devel"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends things in order; a second one, no longer caught,
	// ends the process, which the ledger survives.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitDone     = 0
	exitProblems = 1
	exitUsage    = 2
)

// run is the whole program; a test calls it with its own streams.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a, err := newApp(args, environ, stdin, stdout, stderr)
	if err != nil {
		io.WriteString(stderr, "infolettre: "+err.Error()+"\n")
		return exitProblems
	}
	a.now = time.Now
	return a.execute(ctx, args)
}
