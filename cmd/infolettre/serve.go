package main

import (
	"cmp"
	"context"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/outbox"
	"github.com/infolettre/infolettre/pipeline/schedule"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/web"
)

func (a *app) serveCommand() *cobra.Command {
	var listen, role string
	c := a.command("serve", "", func(c *cobra.Command, _ []string) error {
		if err := a.checkRole(role); err != nil {
			return err
		}
		return a.useStore(c.Context(), true, func(ctx context.Context, conf config, s *store.Store) error {
			if listen != "" {
				conf.Web.Listen = listen
			}
			return a.serve(ctx, conf, s, role)
		})
	})
	c.Args = a.args(0, 0)
	c.Flags().StringVar(&listen, "listen", "", a.words.T("flag.listen"))
	c.Flags().StringVar(&role, "role", roleAll, a.words.T("flag.role"))
	return c
}

// runner is a part of the server. It ends, without error, when ctx does; the
// error of one ends them all.
type runner func(ctx context.Context) error

// serve runs the parts of the server that its role asks for until it is
// stopped. Every role answers on the private address, for the team's
// monitoring.
func (a *app) serve(ctx context.Context, c config, s *store.Store, role string) error {
	if len(c.Delivery.Servers) == 0 {
		return a.fail(nil, "send.no-server", "Path", a.configPath)
	}
	if err := a.warnExamples(c); err != nil {
		return err
	}
	keys, err := a.readKeys(c)
	if err != nil {
		return err
	}
	s.UseKeys(keys)
	if err := a.pull(ctx, c); err != nil { // tried again before each assembly
		a.note("serve.no-repository", "Cause", a.cause(err, ""))
	}
	n, err := a.openNewsletter(c, keys)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(a.stderr, nil))
	private, err := a.listen(c.Web.Private)
	if err != nil {
		return err
	}
	defer private.Close()
	site, err := a.site(c, n, s, n.Entries, logger)
	if err != nil {
		return err
	}
	var jobs *schedule.Page
	if c.Web.RiverUI {
		jobs = &schedule.Page{}
	}
	runners := []runner{func(ctx context.Context) error {
		return web.Serve(ctx, private, privateHandler(site.Private(s), jobs), logger)
	}}
	if role != roleWeb {
		w, err := a.worker(ctx, c, n, s, logger)
		if err != nil {
			return err
		}
		w.Page = jobs
		runners = append(runners, w.Run)
	} else if pull := refresh(n); pull != nil {
		runners = append(runners, keepFresh(pull, cmp.Or(a.pullEvery, pullEvery), logger))
	}
	if role != roleWorker {
		public, err := a.listen(c.Web.Listen)
		if err != nil {
			return err
		}
		defer public.Close()
		runners = append(runners,
			func(ctx context.Context) error { return web.Serve(ctx, public, site.Handler(), logger) },
			a.outbox(c, n, s, site, logger).Run)
		a.say("serve.listening", "URL", c.Newsletter.URL, "Public", public.Addr().String(), "Private", private.Addr().String())
		if len(c.Web.TrustedProxies) == 0 {
			a.note("serve.no-proxies")
		}
	} else {
		a.say("serve.working", "Private", private.Addr().String())
	}
	if err = together(ctx, runners...); err == nil {
		a.note("serve.stopped")
	}
	return err
}

// warnExamples says what of the settings is not the newsletter's own yet.
func (a *app) warnExamples(c config) error {
	keys, err := c.strayExamples()
	if len(keys) > 0 {
		a.note("serve.examples", "Keys", strings.Join(keys, ", "))
	}
	return err
}

// privateHandler serves what only the team may see, on an address that no
// proxy leads to. jobs is nil when nobody asked for them.
func privateHandler(pages http.Handler, jobs *schedule.Page) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	if jobs != nil {
		mux.Handle(schedule.PagePath, jobs)
	}
	return mux
}

// together starts the runners and waits for all of them.
func together(ctx context.Context, runners ...runner) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, run := range runners {
		group.Go(func() error { return run(ctx) })
	}
	return group.Wait()
}

func (a *app) listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, a.fail(err, "serve.cannot-listen", "Address", address)
	}
	return l, nil
}

// site is the newsletter's public pages, on its database.
func (a *app) site(c config, n *pipeline.Newsletter, s *store.Store, media fs.FS, logger *slog.Logger) (*web.Site, error) {
	return web.New(web.Options{
		Config: c.Web, Newsletter: c.Newsletter.Config, ID: c.Newsletter.ID, Base: n.Base, Languages: n.Languages,
		Retention: c.Retention.Months,
		Catalogue: a.catalogue, Keys: n.Keys, Media: media, Register: s, Readers: s, Archive: s,
		Gate:    gate{s, a.now, c.Delivery.Deadline, a.words.T("issues.stop-reason")},
		Healthy: s.Ping, Now: a.now, Logger: logger,
	})
}

// outbox sends the letters that the pages cause, through the first server.
func (a *app) outbox(c config, n *pipeline.Newsletter, s *store.Store, site *web.Site, logger *slog.Logger) *outbox.Sender {
	team := notices{c, n, s, site, a.catalogue.Locale(n.Languages[0])}
	compose := func(m audience.Mail) ([]byte, error) {
		if m.Kind == audience.MailNotice {
			d, err := team.document(context.Background(), m)
			if err != nil {
				return nil, err
			}
			return n.Headers.Letter(d, m.Address, m.ID, m.Created.In(c.zone))
		}
		letter, err := site.Letter(m)
		if err != nil {
			return nil, err
		}
		d, err := n.Renderer.Letter(letter, m.Lang)
		if err != nil {
			return nil, err
		}
		return n.Headers.Letter(d, m.Address, m.ID, m.Created.In(c.zone))
	}
	send := func(ctx context.Context, to audience.Address, mail []byte) error {
		return deliver.SendOne(ctx, c.Delivery.Servers[0], n.Headers.Envelope(), to, mail)
	}
	return &outbox.Sender{Store: s, Compose: compose, Send: send, Now: a.now, Sleep: sleep, Logger: logger}
}
