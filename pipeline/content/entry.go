// Package content reads dated Markdown entries and says, with file and line, what is wrong with those it refuses.
package content

import "time"

// Entry is one dated Markdown file, in one language.
type Entry struct {
	ID       string    // path below the content root without extension, language and "/index"; translations share it
	Path     string    // path below the content root, slash-separated
	Lang     string    // BCP 47 tag, from the front matter, the file name, or the newsletter's first language
	Date     time.Time // in the newsletter's zone, whatever offset the author gave
	HasClock bool      // the author gave an hour, worth showing in the dateline
	Title    string
	Slug     string // last part of the entry's public URL
	Section  string
	Kicker   string
	Excerpt  string
	Authors  []string
	Tags     []string
	Image    Image
	CTA      CTA
	Draft    bool

	// Plain leaves the text exactly as typed ("typography: false").
	Plain bool

	Body     string // Markdown after the front matter, LF line ends, no BOM
	BodyLine int    // the file's line on which Body begins, from 1

	// Lines says where the front matter says it: the file's line of a key, by
	// its name in this project ("excerpt", whatever the author called it).
	Lines map[string]int

	Hash string // SHA-256 of the file's bytes, hexadecimal
}

// Image illustrates an entry; Src is a URL or a path relative to the entry.
type Image struct{ Src, Alt string }

// CTA is the closing call to action, drawn as a button; an empty URL means the newsletter's subscribe page.
type CTA struct{ Label, URL string }

// Severity says whether an entry was refused or merely remarked upon.
type Severity int

const (
	Warning Severity = iota // the entry is used as it is, without a value that could not be read
	Error                   // the entry, or the part named, is left out
)

// Problem is one thing to mend in an author's file. Its words live in
// locales/ as "finding.<ID>" (what) and "finding.<ID>.mend" (how to mend it),
// both templates over Args.
type Problem struct {
	ID       string // stable, kebab-case: "date-format", "front-matter-yaml"
	Severity Severity
	File     string
	Line     int // from 1; 0 when the whole file is meant
	Args     map[string]any
}
