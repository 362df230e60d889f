package content

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/language"
)

// Limits on one file. They bound what a single entry can cost, and what a
// broken file can do to the others.
const (
	maxFile   = 256 << 10
	maxHeader = 64 << 10
	maxLine   = 16 << 10

	maxProblems = 50 // told of one file; the rest is a number
)

// Options are what the newsletter knows and its entries leave unsaid.
type Options struct {
	Location  *time.Location // zone of dates written without one; UTC by default
	Languages []string       // the newsletter's, first the one of entries that name none; French by default
	Cache     *Cache         // what is known from an earlier load; nil: nothing
}

// WithDefaults fills in what is missing and writes languages as BCP 47 does.
func (o Options) WithDefaults() Options {
	if o.Location == nil {
		o.Location = time.UTC
	}
	var tags []string
	for _, l := range o.Languages {
		if tag := canonical(l); tag != "" {
			tags = append(tags, tag)
		}
	}
	o.Languages = tags
	if len(tags) == 0 {
		o.Languages = []string{"fr"}
	}
	return o
}

// Load reads every *.md and *.markdown file below the root of fsys, in the
// order of their paths. A file with a problem of severity Error is left out,
// the others are read as if it were not there; err is for a root that cannot
// be read at all.
//
// Posts of Jekyll, Hugo, Eleventy and MkDocs load as they are: their keys,
// dates and folders are understood, and what means nothing in a mail is passed
// over. What could change the text or the day it is sent is a problem.
//
// A link to a folder is not followed; a link to a file is, as far as fsys
// allows: os.Root keeps links inside the root, os.DirFS does not.
func Load(fsys fs.FS, o Options) (entries []Entry, problems []Problem, err error) {
	o = o.WithDefaults()
	names, problems, err := list(fsys)
	if err != nil {
		return nil, nil, err
	}
	o.Cache.forget(names)
	readings := readAll(fsys, names, o)
	for _, r := range readings {
		problems = append(problems, r.problems...)
	}
	readings = slices.DeleteFunc(readings, func(r reading) bool { return r.entry.Path == "" || refused(r.problems) })
	readings, doubles := dropDoubles(readings)
	claimed := assignSlugs(readings)
	for _, r := range readings {
		entries = append(entries, r.entry)
	}
	problems = slices.Concat(problems, doubles, claimed)
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return entries, shorten(problems), nil
}

// shorten leaves maxProblems of each file, errors before warnings. The
// problems come sorted by file.
func shorten(problems []Problem) (short []Problem) {
	for len(problems) > 0 {
		n := 1
		for n < len(problems) && problems[n].File == problems[0].File {
			n++
		}
		short = append(short, firstOf(problems[:n])...)
		problems = problems[n:]
	}
	return short
}

func firstOf(problems []Problem) []Problem {
	if len(problems) <= maxProblems {
		return problems
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(b.Severity, a.Severity) })
	kept := slices.Clone(problems[:maxProblems])
	slices.SortStableFunc(kept, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return append(kept, Problem{ID: "problems-more", File: problems[0].File, Args: map[string]any{"Count": len(problems) - maxProblems}})
}

// refused reports whether any of the problems keeps the entry out.
func refused(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == Error })
}

// reading is what one file gave.
type reading struct {
	entry    Entry
	slugLine int // where the author chose the slug, 0 when it is ours
	problems []Problem
}

// readAll reads the files on all processors and keeps their order.
func readAll(fsys fs.FS, names []string, o Options) []reading {
	readings := make([]reading, len(names))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(names)) {
		workers.Go(func() {
			var text bytes.Buffer
			for i := range next {
				readings[i] = readOne(fsys, names[i], &text, o)
			}
		})
	}
	for i := range names {
		next <- i
	}
	close(next)
	workers.Wait()
	return readings
}

var errTooLarge = errors.New("larger than an entry may be")

// readOne leaves the entry's path empty when there is no entry to read; a name
// that is no file, such as a link to a folder, is no problem either. text is
// where one file after the other is read to.
func readOne(fsys fs.FS, name string, text *bytes.Buffer, o Options) reading {
	complain := func(id string, args map[string]any) reading {
		return reading{problems: []Problem{{ID: id, Severity: Error, File: shown(name), Args: args}}}
	}
	if strings.ContainsFunc(name, unicode.IsControl) {
		return complain("file-name", map[string]any{"Name": shown(name)})
	}
	changed, err := readLimited(fsys, name, text)
	switch {
	case errors.Is(err, ErrNotRegular):
		return reading{}
	case errors.Is(err, errTooLarge):
		return complain("file-too-large", map[string]any{"Limit": maxFile / 1000})
	case err != nil && isLink(fsys, name):
		return complain("link-outside", nil)
	case err != nil:
		return complain("file-unreadable", nil)
	}
	return parse(name, text.Bytes(), changed, o)
}

// readLimited trusts neither the size a file states nor that it stays the same.
func readLimited(fsys fs.FS, name string, text *bytes.Buffer) (changed time.Time, err error) {
	f, info, err := Open(fsys, name)
	if err != nil {
		return changed, err
	}
	defer f.Close()
	if info.Size() > maxFile {
		return changed, errTooLarge
	}
	text.Reset()
	if _, err := text.ReadFrom(io.LimitReader(f, maxFile+1)); err != nil {
		return changed, err
	}
	if text.Len() > maxFile {
		return changed, errTooLarge
	}
	return info.ModTime(), nil
}

func isLink(fsys fs.FS, name string) bool {
	info, err := fs.Lstat(fsys, name)
	return err == nil && info.Mode().Type() == fs.ModeSymlink
}

// dropDoubles keeps the first, by path, of entries with one identity and one language.
func dropDoubles(readings []reading) (kept []reading, problems []Problem) {
	first := map[[2]string]string{}
	for _, r := range readings {
		key := [2]string{r.entry.ID, r.entry.Lang}
		if path, taken := first[key]; taken {
			problems = append(problems, Problem{ID: "entry-duplicate", Severity: Error, File: r.entry.Path,
				Args: map[string]any{"First": path, "Lang": r.entry.Lang}})
			continue
		}
		first[key] = r.entry.Path
		kept = append(kept, r)
	}
	return kept, problems
}

// canonical writes a language tag as BCP 47 does: "fr_ca" is "fr-CA". What is
// not a tag gives "".
func canonical(tag string) string {
	parsed, err := language.Raw.Parse(strings.ReplaceAll(tag, "_", "-"))
	if err != nil || parsed == language.Und {
		return ""
	}
	return parsed.String()
}
