package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/message"
	"github.com/infolettre/infolettre/pipeline/render"
)

type renderFlags struct {
	at, locale, entry, format, output string
}

var renderFormats = []string{"html", "text", "eml", "json", "web"}

func (a *app) renderCommand() *cobra.Command {
	var f renderFlags
	c := a.command("render", "", func(c *cobra.Command, _ []string) error { return a.render(c.Context(), f) })
	c.Args = a.args(0, 0)
	c.Flags().StringVar(&f.at, "at", "", a.words.T("flag.at"))
	c.Flags().StringVar(&f.locale, "locale", "", a.words.T("flag.locale"))
	c.Flags().StringVar(&f.entry, "entry", "", a.words.T("flag.entry"))
	c.Flags().StringVar(&f.format, "format", "html", a.words.T("flag.format"))
	c.Flags().StringVarP(&f.output, "output", "o", "", a.words.T("flag.output"))
	return c
}

// rendered is what render has to show: documents, and where they come from.
type rendered struct {
	name      string // of the files: "issue-12", "2026-11-19-titre"
	number    int
	date      time.Time
	documents []render.Document
}

func (a *app) render(ctx context.Context, f renderFlags) error {
	if !slices.Contains(renderFormats, f.format) {
		return a.misuse("render.bad-format", "Value", f.format)
	}
	c, err := a.loadConfig()
	if err != nil {
		return err
	}
	n, err := a.openNewsletter(c, nil)
	if err != nil {
		return err
	}
	var r rendered
	if f.entry != "" {
		r, err = a.renderEntry(c, n, f)
	} else {
		r, err = a.renderIssue(ctx, c, n, f)
	}
	if err != nil {
		return err
	}
	composer, err := sampleComposer(c, n.Headers, r.number, r.date, r.documents, false)
	if err != nil {
		return err
	}
	for _, d := range r.documents {
		if f.locale != "" && d.Locale != n.Locale(f.locale) {
			continue
		}
		out, err := format(c, composer, r, d, f.format)
		if err != nil {
			return err
		}
		if f.output == "" {
			_, err := a.stdout.Write(out)
			return err // one document: the first language, or --locale
		}
		if err := a.writeRendered(f, r, d, out); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) writeRendered(f renderFlags, r rendered, d render.Document, out []byte) error {
	if err := os.MkdirAll(f.output, 0o777); err != nil {
		return err
	}
	extension := map[string]string{"text": "txt", "web": "web.html"}[f.format]
	if extension == "" {
		extension = f.format
	}
	path := filepath.Join(f.output, fmt.Sprintf("%s.%s.%s", r.name, d.Locale, extension))
	if err := os.WriteFile(path, out, 0o666); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, path)
	return nil
}

func (a *app) renderIssue(ctx context.Context, c config, n *pipeline.Newsletter, f renderFlags) (rendered, error) {
	now, err := a.moment(f.at, c.zone)
	if err != nil {
		return rendered{}, err
	}
	plan, err := a.planNext(ctx, c, n, now)
	if err != nil {
		return rendered{}, err
	}
	a.report(c.Content.Folder, plan.Problems)
	if len(plan.Documents) == 0 {
		return rendered{}, a.fail(nil, "render.quiet", "Slot", a.when(plan.Slot))
	}
	return rendered{fmt.Sprintf("issue-%d", plan.Number), plan.Number, plan.Slot, plan.Documents}, nil
}

func (a *app) renderEntry(c config, n *pipeline.Newsletter, f renderFlags) (rendered, error) {
	entries, problems, err := n.Load()
	if err != nil {
		return rendered{}, err
	}
	path := f.entry
	if rel, err := filepath.Rel(c.path(c.Content.Folder), f.entry); err == nil && filepath.IsLocal(rel) {
		path = filepath.ToSlash(rel)
	}
	a.report(c.Content.Folder, slices.DeleteFunc(problems, func(p content.Problem) bool { return p.File != path }))
	for _, e := range entries {
		if e.Path != path {
			continue
		}
		d, problems, err := n.Renderer.Entry(e, n.Locale(e.Lang))
		a.report(c.Content.Folder, problems)
		return rendered{e.ID, 0, e.Date, []render.Document{d}}, err
	}
	return rendered{}, a.fail(nil, "render.no-entry", "Path", f.entry, "Folder", c.path(c.Content.Folder))
}

// format writes one document, its slots filled for a reader who does not exist.
func format(c config, composer *message.Composer, r rendered, d render.Document, as string) ([]byte, error) {
	sample := sampleReader(d.Locale)
	text, page, err := composer.Parts(sample, d.Locale)
	if err != nil {
		return nil, err
	}
	web := d.Fill(d.Web, map[render.Slot]string{render.Base: c.Newsletter.URL})
	switch as {
	case "html":
		return []byte(page), nil
	case "text":
		return []byte(text), nil
	case "web":
		return []byte(web), nil
	case "eml":
		return composer.Append(nil, sample, d.Locale)
	}
	out, err := json.MarshalIndent(struct {
		Number    int       `json:"number"`
		Slot      time.Time `json:"slot"`
		Locale    string    `json:"locale"`
		Subject   string    `json:"subject"`
		Preheader string    `json:"preheader"`
		HTML      string    `json:"html"`
		Text      string    `json:"text"`
		Web       string    `json:"web"`
	}{r.number, r.date, d.Locale, d.Subject, d.Preheader, page, text, web}, "", "  ")
	return append(out, '\n'), err
}
