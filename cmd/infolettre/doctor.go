package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/schedule"
	"github.com/infolettre/infolettre/pipeline/store"
)

// serverPatience bounds the greeting of one SMTP server.
const serverPatience = 20 * time.Second

func (a *app) doctorCommand() *cobra.Command {
	var database, repository bool
	c := a.command("doctor", "", func(c *cobra.Command, _ []string) error {
		switch {
		case database:
			return a.acceptDatabase(c.Context())
		case repository:
			return a.acceptRepository(c.Context())
		}
		return a.doctor(c.Context())
	})
	c.Args = a.args(0, 0)
	c.Flags().BoolVar(&database, "accept-database", false, a.words.T("flag.accept-database"))
	c.Flags().BoolVar(&repository, "accept-repository", false, a.words.T("flag.accept-repository"))
	return c
}

// acceptDatabase is the order to send from a restored or copied database.
func (a *app) acceptDatabase(ctx context.Context) error {
	return a.withStore(ctx, func(ctx context.Context, c config, s *store.Store) error {
		if err := c.witness(s).Accept(ctx); err != nil {
			return err
		}
		a.say("doctor.accepted", "Path", c.path(c.Database.State))
		return nil
	})
}

// doctor looks at everything that sending needs, and sends nothing. Each
// finding stands on its own: one does not hide the next.
func (a *app) doctor(ctx context.Context) error {
	c, err := a.loadConfig()
	if err != nil {
		return err
	}
	well := a.finding(nil, "doctor.config", "Path", a.configPath)
	well = a.checkExamples(c) && well
	well = a.finding(nil, "doctor.zone", "Zone", c.zone.String(), "Now", a.when(a.now().In(c.zone))) && well
	well = a.checkContent(c) && well
	well = a.checkKeys(c) && well
	well = a.checkDatabase(ctx, c) && well
	well = a.checkServers(ctx, c) && well
	if !well {
		return errSaid
	}
	return nil
}

// finding prints one line, and reports whether it is a good one.
func (a *app) finding(err error, id string, args ...any) bool {
	if err == nil {
		a.say("doctor.good", "What", a.words.T(id, args...))
		return true
	}
	a.say("doctor.bad", "What", a.words.T(id, args...), "Cause", a.cause(err, a.words.T(id, args...)))
	return false
}

// checkExamples finds the values that are not the newsletter's own yet.
func (a *app) checkExamples(c config) bool {
	keys, err := c.examples()
	if err == nil && len(keys) > 0 {
		err = errors.New(a.words.T("doctor.examples", "Keys", strings.Join(keys, ", ")))
	}
	return a.finding(err, "doctor.own")
}

func (a *app) checkContent(c config) bool {
	n, err := a.openNewsletter(c, nil)
	if err != nil {
		return a.finding(err, "doctor.content", "Path", c.path(c.Content.Folder), "Count", 0)
	}
	entries, _, err := n.Load()
	return a.finding(err, "doctor.content", "Path", c.path(c.Content.Folder), "Count", len(entries))
}

// checkKeys reads the keys, which nobody else may read.
func (a *app) checkKeys(c config) bool {
	path := c.path(c.Keys.File)
	_, err := a.readKeys(c)
	if info, errStat := os.Stat(path); err == nil && errStat == nil && runtime.GOOS != "windows" && info.Mode()&0o077 != 0 {
		err = errors.New(a.words.T("doctor.keys-mode", "Mode", fmt.Sprintf("%o", info.Mode().Perm()), "Path", path))
	}
	return a.finding(err, "doctor.keys", "Path", path)
}

func (a *app) checkDatabase(ctx context.Context, c config) bool {
	s, err := a.openStore(ctx, c, false)
	if err != nil {
		return a.finding(err, "doctor.no-database", "Path", c.databaseName())
	}
	defer s.Close()
	counts, err := s.ActiveByLanguage(ctx, a.now())
	issues, errIssues := s.Issues(ctx)
	well := a.finding(errors.Join(err, errIssues), "doctor.database", "Path", c.databaseName(), "Readers", total(counts), "Count", len(issues))
	err = c.witness(s).Check(ctx)
	if errors.Is(err, schedule.ErrSuspect) {
		err = errors.New(a.words.T("doctor.suspect", "Cause", a.cause(err, "")))
	}
	if _, missing := os.Stat(c.path(c.Database.State)); err == nil && errors.Is(missing, fs.ErrNotExist) {
		return a.finding(nil, "doctor.no-state", "Path", c.path(c.Database.State)) && well
	}
	return a.finding(err, "doctor.state", "Path", c.path(c.Database.State)) && well
}

// checkServers greets each server as a sender would, and takes leave.
func (a *app) checkServers(ctx context.Context, c config) bool {
	well := true
	for _, server := range c.Delivery.Servers {
		ctx, cancel := context.WithTimeout(ctx, serverPatience)
		err := deliver.Greet(ctx, server)
		cancel()
		well = a.finding(err, "doctor.server", "Server", server.Address(), "TLS", a.words.T("tls."+string(server.TLS))) && well
	}
	if len(c.Delivery.Servers) == 0 {
		return a.finding(errors.New(a.words.T("doctor.no-server")), "doctor.servers")
	}
	return well
}
