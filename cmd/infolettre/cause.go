package main

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline/deliver"
)

// cause says an error in the user's language, if it is one of the common ones:
// about a file or a server, which the text before it may name already, or an
// address of this machine. A rare one keeps its own words, for those who look
// them up.
func (a *app) cause(err error, text string) string {
	var about *fs.PathError
	var server *deliver.ServerError
	var refusal *deliver.ReplyError
	switch {
	case errors.As(err, &about) && strings.Contains(text, about.Path):
		return a.fileCause(about)
	case errors.As(err, &about):
		return a.words.T("cli.cause", "What", about.Path, "Cause", a.fileCause(about))
	case errors.As(err, &server) && strings.Contains(text, server.Server):
		return a.cause(server.Err, text)
	case errors.As(err, &server):
		return a.words.T("cause.server", "Server", server.Server, "Cause", a.cause(server.Err, ""))
	case errors.As(err, &refusal):
		return a.words.T("cause.server", "Server", refusal.Server, "Cause", causeWords(a.words, refusal.Cause().String()))
	}
	if cause, ok := deliver.CauseOf(err); ok {
		return causeWords(a.words, cause.String())
	}
	if errors.Is(err, io.EOF) {
		return a.words.T("cause.nothing")
	}
	if id := listenCause(err); id != "" {
		return a.words.T(id)
	}
	return err.Error()
}

func (a *app) fileCause(err *fs.PathError) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return a.words.T("cli.no-file")
	case errors.Is(err, fs.ErrPermission):
		return a.words.T("cli.no-permission")
	case errors.Is(err, syscall.EISDIR):
		return a.words.T("cli.is-folder")
	}
	return err.Err.Error()
}

// listenCause names why an address cannot be listened on, "" for another error.
func listenCause(err error) string {
	var address *net.AddrError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "cause.in-use"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "cause.not-here"
	case errors.As(err, &address):
		return "cause.address"
	case errors.Is(err, fs.ErrPermission):
		return "cli.no-permission"
	}
	return ""
}

// causeWords says what the ledger keeps as a cause; a person's own words, or a
// server's, stay as they are.
func causeWords(l *locales.Locale, text string) string {
	cause := deliver.ParseCause(text)
	if id := "cause." + cause.Name; l.Has(id) {
		return l.T(id, "Detail", cause.Detail)
	}
	return text
}
