package preview

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/infolettre/infolettre/pipeline/check"
	"github.com/infolettre/infolettre/pipeline/content"
)

// filePage fills templates/preview/file.html: a file as its author wrote it.
type filePage struct {
	shell
	Path  string
	Back  string // the entry alone
	Lines []fileLine
}

type fileLine struct {
	Number   int
	Text     string
	Findings []finding
}

func fileAddress(file string, line int) string {
	return address("/file", url.Values{"path": {file}}) + "#L" + strconv.Itoa(line)
}

func (p *Preview) serveFile(w http.ResponseWriter, r *http.Request) {
	s, name := p.current.Load(), r.URL.Query().Get("path")
	if !content.IsEntry(name) {
		p.fail(w, errNotFound)
		return
	}
	data, err := content.ReadFile(s.newsletter.Entries, name)
	if err != nil {
		p.fail(w, errNotFound)
		return
	}
	out := filePage{shell: p.shell(s), Path: s.newsletter.Prefix + name, Back: state{entry: name, view: views[0], width: widths[0], theme: themes[0]}.page()}
	out.Title = out.Path
	plan, err := s.plan(r.Context(), p.options.Now())
	if err != nil {
		p.fail(w, err)
		return
	}
	found, err := s.about(name, plan)
	if err != nil {
		p.fail(w, err)
		return
	}
	at := map[int][]check.Finding{}
	for _, f := range check.Sorted(found) {
		at[max(f.Line, 1)] = append(at[max(f.Line, 1)], f)
	}
	text := strings.ReplaceAll(strings.ToValidUTF8(string(data), "\uFFFD"), "\r\n", "\n")
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		out.Lines = append(out.Lines, fileLine{Number: i + 1, Text: line, Findings: p.findings(s, at[i+1])})
	}
	p.render(w, "file", out)
}

// notice is a page of a few words.
type notice struct {
	shell
	Text, Cause string
}

func (p *Preview) notice(title, text string) notice {
	n := notice{shell: p.shell(p.current.Load()), Text: p.options.Words.T(text)}
	n.Title = p.options.Words.T(title)
	return n
}
