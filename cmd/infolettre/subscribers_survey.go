package main

import (
	"errors"
	"io"
	"strings"

	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/audience"
)

// sayLayout says how a file is written, and what is read of it.
func (a *app) sayLayout(l audience.Layout) {
	separator := "other"
	switch l.Separator {
	case ',':
		separator = "comma"
	case ';':
		separator = "semicolon"
	case '\t':
		separator = "tab"
	}
	a.say("import.layout", "Encoding", string(l.Encoding),
		"Separator", a.words.T("csv.separator."+separator, "Value", string(l.Separator)), "Service", l.Service)
	if len(l.Columns) == 0 {
		a.say("import.headless")
		return
	}
	var read, unread []string
	for _, c := range l.Columns {
		switch {
		case c.Role != audience.RoleNone:
			read = append(read, a.words.T("csv.column", "Name", c.Name, "Role", a.words.T("csv.role."+string(c.Role))))
		case c.Name != "":
			unread = append(unread, c.Name)
		}
	}
	a.say("import.read", "Columns", strings.Join(read, ", "))
	if len(unread) > 0 {
		a.say("import.unread", "Columns", strings.Join(unread, ", "))
	}
	if l.Service == "listmonk" {
		a.note("import.listmonk")
	}
}

// What survey shows of a file.
const (
	examplesShown = 3
	refusalsShown = 50
)

// surveyed is what a file holds.
type surveyed struct {
	found, refused int
	skipped        map[audience.Skip]int
	langs          map[string]int // of those found
}

// survey reads the whole file without writing anything: it shows the first
// persons as they are understood and every line to mend, and counts.
func (a *app) survey(c config, path string, file io.ReadSeeker, layout *audience.Layout) (surveyed, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return surveyed{}, a.fail(err, "cli.unreadable", "Path", path)
	}
	s := surveyed{skipped: map[audience.Skip]int{}, langs: map[string]int{}}
	for row, err := range layout.Rows(file) {
		var refusal *audience.Refusal
		switch {
		case errors.As(err, &refusal):
			if s.refused++; s.refused <= refusalsShown {
				a.sayRefusal(path, refusal)
			}
			continue
		case err != nil:
			return s, a.fail(err, "cli.unreadable", "Path", path)
		}
		if s.count(row); row.Skipped == "" && s.found <= examplesShown {
			a.sayExample(row)
		}
	}
	if s.refused > refusalsShown {
		a.note("import.more-refusals", "Count", s.refused-refusalsShown)
	}
	if s.refused > 0 {
		return s, a.fail(nil, "subscribers.nothing-imported", "Count", s.refused)
	}
	a.saySurveyed(c, s)
	return s, nil
}

func (s *surveyed) count(row audience.Row) {
	switch {
	case row.Skipped != "":
		s.skipped[row.Skipped]++
		if row.Undone {
			s.found--
			s.skipped[audience.LeftToo]++
		}
	default:
		s.found++
		s.langs[row.Lang]++
	}
}

func (a *app) saySurveyed(c config, s surveyed) {
	a.say("import.found", "Count", s.found)
	for _, skip := range []audience.Skip{audience.Left, audience.Lacking, audience.LeftToo, audience.NoAddress, audience.Duplicate} {
		if n := s.skipped[skip]; n > 0 {
			a.say("import."+string(skip), "Count", n)
		}
	}
	newsletter := pipeline.Newsletter{Languages: c.Newsletter.Languages}
	foreign, count := map[string]int{}, 0
	for lang, n := range s.langs {
		if lang != "" && !newsletter.Speaks(lang) {
			foreign[lang], count = n, count+n
		}
	}
	if count > 0 {
		a.say("import.languages", "Count", count, "Languages", a.byLanguage(foreign), "Locale", newsletter.Languages[0])
	}
}

func (a *app) sayExample(row audience.Row) {
	a.say("import.example", "Address", row.Address.String(), "Name", row.Name, "Lang", row.Lang, "Since", row.Since)
}
