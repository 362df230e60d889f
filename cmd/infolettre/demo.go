package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	sample "github.com/infolettre/infolettre/content"
	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/loopback"
	"github.com/infolettre/infolettre/pipeline/mailbox"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/templates"
)

type demoFlags struct {
	once, open   bool
	folder       string
	output       string
	port         int
	portWasAsked bool
}

// demoPort is the usual one of the demo's page; any free one will do.
const demoPort = 8025

// demoLanguage is the sample newsletter's own.
const demoLanguage = "fr"

func (a *app) demoCommand() *cobra.Command {
	var f demoFlags
	c := a.command("demo", "", func(c *cobra.Command, _ []string) error {
		f.portWasAsked = c.Flags().Changed("port")
		return a.demo(c.Context(), f)
	})
	c.Args = a.args(0, 0)
	c.Flags().BoolVar(&f.once, "once", false, a.words.T("flag.once"))
	c.Flags().BoolVar(&f.open, "open", false, a.words.T("flag.open"))
	c.Flags().StringVar(&f.folder, "dir", "", a.words.T("flag.dir"))
	c.Flags().StringVarP(&f.output, "output", "o", "", a.words.T("flag.demo-output"))
	c.Flags().IntVar(&f.port, "port", demoPort, a.words.T("flag.port"))
	return c
}

// demo assembles the sample entries into an issue, sends it over SMTP to a
// mailbox inside the program, and shows that mailbox until interrupted.
func (a *app) demo(ctx context.Context, f demoFlags) error {
	if f.folder == "" {
		folder, err := os.MkdirTemp("", "infolettre-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		f.folder = folder
	} else if err := os.MkdirAll(f.folder, 0o700); err != nil {
		return err
	}
	page, err := a.page(f.port, !f.portWasAsked)
	if err != nil {
		return err
	}
	defer page.Close()
	smtp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	box, err := mailbox.New(mailbox.Options{Catalogue: a.catalogue, Language: demoLanguage})
	if err != nil {
		smtp.Close()
		return err
	}
	serve, stop := context.WithCancel(ctx)
	defer stop()
	group, serve := errgroup.WithContext(serve)
	group.Go(func() error { return box.ServeSMTP(serve, smtp) })

	err = a.demoSend(ctx, f, box, page, smtp.Addr().(*net.TCPAddr).Port, group, serve)
	stop()
	return errors.Join(err, group.Wait())
}

// demoSend does what a week does, and then waits for the reader to be done.
func (a *app) demoSend(ctx context.Context, f demoFlags, box *mailbox.Mailbox, page net.Listener, smtpPort int, group *errgroup.Group, serve context.Context) error {
	url := "http://" + page.Addr().String()
	c, n, err := a.demoNewsletter(f, url, smtpPort)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, filepath.Join(f.folder, "infolettre.db"), true)
	if err != nil {
		return err
	}
	defer s.Close()
	s.UseKeys(n.Keys)
	plan, is, err := a.demoOrder(ctx, n, s)
	if err != nil {
		return err
	}
	if plan != nil {
		a.report("content", plan.Problems)
		a.say("demo.assembled", "Number", is.Number, "Slot", a.words.Date("moment", is.Slot.In(c.zone)), "Count", len(plan.Items))
	}
	logger := slog.New(slog.DiscardHandler)
	site, err := a.site(c, n, s, sample.FS, logger)
	if err != nil {
		return err
	}
	group.Go(func() error { return loopback.Serve(serve, page, demoHandler(site, box)) })
	group.Go(func() error { return a.outbox(c, n, s, site, logger).Run(serve) })

	clock := func() time.Time { return is.Ordered }
	settled, err := n.Deliver(ctx, s, is, deliver.Sender{Now: clock, Sleep: sleep, Jitter: func() float64 { return 0 }})
	if err != nil {
		return err
	}
	tally, err := s.Tally(ctx, is.Number)
	if err != nil {
		return err
	}
	a.say("demo.sent", "States", a.tallyWords(tally), "Server", fmt.Sprintf("127.0.0.1:%d", smtpPort))
	if f.output != "" {
		if err := box.WriteEML(f.output); err != nil {
			return err
		}
		a.say("demo.kept", "Count", len(box.Messages()), "Path", f.output)
	}
	if f.once {
		if settled.State != deliver.IssueSent || tally[deliver.Accepted] != total(byState(tally)) {
			return errSaid
		}
		return nil
	}
	a.say("demo.look", "Mailbox", url+"/mailbox/", "Web", fmt.Sprintf("%s/%s/%d", url, n.Languages[0], is.Number))
	if f.open {
		openBrowser(url + "/mailbox/")
	}
	<-ctx.Done()
	a.note("demo.stopped")
	return nil
}

// demoNewsletter is the sample newsletter, on loopback only.
func (a *app) demoNewsletter(f demoFlags, url string, smtpPort int) (config, *pipeline.Newsletter, error) {
	settings, err := fs.ReadFile(templates.Init, "init/infolettre."+demoLanguage+".yaml")
	if err != nil {
		return config{}, nil, err
	}
	c, err := parseConfig(defaultConfig, settings, nil)
	if err != nil {
		return c, nil, err
	}
	c.Newsletter.URL = url
	c.Delivery.Servers = []deliver.Server{{Host: "127.0.0.1", Port: smtpPort}}
	c.Delivery = c.Delivery.WithDefaults()
	keys, err := demoKeys(f.folder, c.Newsletter.ID)
	if err != nil {
		return c, nil, err
	}
	n, err := a.newsletter(c, sample.FS, keys, func() string { return "" })
	if err != nil {
		return c, nil, err
	}
	n.Delivery = c.Delivery
	return c, n, nil
}

func demoKeys(folder, list string) (*audience.Keys, error) {
	path := filepath.Join(folder, "infolettre.keys")
	if err := writeNew(path, []byte(audience.NewKey()+"\n"), false, 0o600); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return audience.ParseKeys(list, string(text))
}

// demoOrder freezes the issue of the first border after the newest sample
// entry, so that the demo never becomes a quiet week with age. A folder that
// served before keeps its issue; the plan is then nil.
func (a *app) demoOrder(ctx context.Context, n *pipeline.Newsletter, s *store.Store) (*pipeline.Plan, deliver.Issue, error) {
	issues, err := s.Issues(ctx)
	if err != nil || len(issues) > 0 {
		return nil, append(issues, deliver.Issue{})[0], err
	}
	if _, err := s.AddSubscribers(ctx, a.now(), sampleReaders()); err != nil {
		return nil, deliver.Issue{}, err
	}
	entries, problems, err := n.Load()
	if err != nil {
		return nil, deliver.Issue{}, err
	}
	oldest, newest := entries[0].Date, entries[0].Date
	for _, e := range entries {
		oldest, newest = minTime(oldest, e.Date), maxTime(newest, e.Date)
	}
	n.First = n.Calendar.Next(oldest)
	now := n.Calendar.Next(newest)
	plan, err := n.PlanOf(entries, problems, n.Replay(entries, now.Add(-time.Second)), now)
	if err != nil {
		return nil, deliver.Issue{}, err
	}
	counts, err := s.ActiveByLanguage(ctx, now)
	if err != nil {
		return nil, deliver.Issue{}, err
	}
	is, err := n.Freeze(ctx, s, plan, n.Audience(plan.Documents, slices.Sorted(maps.Keys(counts))), now)
	return &plan, is, err
}

func sampleReaders() []audience.Subscriber {
	var readers []audience.Subscriber
	for _, r := range []struct{ address, name, lang string }{
		{"camille.roussel@example.org", "Camille Roussel", "fr"},
		{"zoe@example.org", "Zoé Lefèvre", "fr"},
		{"noel.dubois@example.org", "Noël Dubois", "fr"},
		{"l.oiseau@example.org", "Lætitia L’Oiseau", "fr"},
		{"lecteur@example.org", "", "fr"},
		{"marie-eve@example.org", "Marie-Ève Tremblay", "fr-CA"},
		{"harriet@example.org", "Harriet Lane", "en"},
		{"tomas@example.org", "Tomás Ó Briain", "en"},
		{"reader@example.org", "", "en"},
	} {
		readers = append(readers, audience.Subscriber{
			ID: audience.NewID(), Address: audience.MustAddress(r.address), Name: r.name, Lang: r.lang, Status: audience.Active,
		})
	}
	return readers
}
