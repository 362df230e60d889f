package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/templates"
)

// reportPage is what report.html is filled with.
type reportPage struct {
	L        *locales.Locale
	Title    string
	Summary  string
	Findings []reportFinding
	Mails    []reportMail
}

type reportFinding struct {
	Error             bool
	Place, What, Mend string
	Name              string
}

type reportMail struct {
	Locale, Subject, Preheader string
	Size, Limit                string
	Page                       string // the mail's HTML, its images inside
	Text                       string
}

// writeReport writes the mails of the next issue, as files of their own and
// together on a page that needs nothing else.
func (a *app) writeReport(c config, n *pipeline.Newsletter, r review, folder string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	place := c.published()
	page := reportPage{L: a.words, Title: a.words.T("check.report-title", "Name", c.Newsletter.Name), Summary: a.summary(r)}
	for _, f := range r.findings {
		where := a.words.T("check.issue-place", "Number", r.plan.Number)
		if f.File != "" {
			where = strings.TrimSuffix(placeOf(place(f.File), f.Line), ":")
		}
		what, mend := a.said(f)
		page.Findings = append(page.Findings, reportFinding{f.Severity == content.Error, where, what, mend, name(f)})
	}
	for _, m := range r.mails {
		d := m.document
		for extension, body := range map[string]string{"html": m.page, "txt": m.text} {
			name := filepath.Join(folder, fmt.Sprintf("mail.%s.%s", d.Locale, extension))
			if err := os.WriteFile(name, []byte(body), 0o666); err != nil {
				return err
			}
		}
		page.Mails = append(page.Mails, reportMail{
			d.Locale, d.Subject, d.Preheader, a.kilobytes(m.size), a.kilobytes(c.Newsletter.Budget),
			inline(n.Entries, c.Newsletter.URL, m.page), m.text,
		})
	}
	t, err := template.ParseFS(templates.Check, "check/*.html")
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, "report.html", page); err != nil {
		return fmt.Errorf("fill report.html: %w", err)
	}
	name := filepath.Join(folder, "index.html")
	if err := os.WriteFile(name, out.Bytes(), 0o666); err != nil {
		return err
	}
	a.note("check.written", "Path", name)
	return nil
}

var sourceAttribute = regexp.MustCompile(` src="([^"]+)"`)

// inline puts the images of the entries' folder into a page. Others stay
// where they are: a report asks nobody for anything.
func inline(entries fs.FS, base, page string) string {
	return sourceAttribute.ReplaceAllStringFunc(page, func(attribute string) string {
		src := html.UnescapeString(sourceAttribute.FindStringSubmatch(attribute)[1])
		path, ours := strings.CutPrefix(src, base+render.MediaPath)
		if !ours {
			return attribute
		}
		name, err := url.PathUnescape(path)
		if err != nil {
			return attribute
		}
		data, err := fs.ReadFile(entries, name)
		if err != nil {
			return attribute // a finding says so
		}
		return ` src="data:` + http.DetectContentType(data) + ";base64," + base64.StdEncoding.EncodeToString(data) + `"`
	})
}
