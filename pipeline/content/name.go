package content

import (
	"path"
	"regexp"
	"strings"
)

// place is what a file's path says of its entry.
type place struct {
	id   string // see Entry.ID
	lang string // "" when the name has no language suffix
	date string // as an ISO date, "" when the path has none; perhaps impossible
	slug string // last part of the path without its date, perhaps ""
}

// pathDate finds the date in 2026-11-19-titre, 2026-11-19-titre/index,
// 2026/11/19/titre and 2026/11-19-titre; the last one counts.
var pathDate = regexp.MustCompile(`^(?:.*/)?(\d{4})[-/](\d\d)[-/](\d\d)(?:[-_/. ](.*))?$`)

func placeOf(name string, languages []string) place {
	p := place{id: strings.TrimSuffix(name, path.Ext(name))}
	if suffix := path.Ext(p.id); suffix != "" {
		if p.lang = suffixLanguage(suffix[1:], languages); p.lang != "" {
			p.id = strings.TrimSuffix(p.id, suffix)
		}
	}
	p.id = strings.TrimSuffix(p.id, "/index")
	rest := path.Base(p.id)
	if m := pathDate.FindStringSubmatch(p.id); m != nil {
		p.date = m[1] + "-" + m[2] + "-" + m[3]
		rest = path.Base("/" + m[4])
	}
	p.slug = Slugify(rest)
	return p
}

var twoLetters = regexp.MustCompile(`^[A-Za-z]{2}([-_][0-9A-Za-z]{2,8})*$`)

// suffixLanguage reads the "fr" of titre.fr.md. Three letters are a language
// only when the newsletter is written in it: in titre.old.md, "old" is not
// meant to be Mochi.
func suffixLanguage(suffix string, languages []string) string {
	tag := canonical(suffix)
	if tag == "" || !twoLetters.MatchString(suffix) && !spoken(tag, languages) {
		return ""
	}
	return tag
}

// spoken reports whether readers of one of the languages are served by tag:
// it is one of them or a variant of one.
func spoken(tag string, languages []string) bool {
	return nearest(tag, languages) != ""
}

// nearest returns the language that is tag, else the first that shares its
// base language, else "".
func nearest(tag string, languages []string) (found string) {
	base, _, _ := strings.Cut(tag, "-")
	for _, l := range languages {
		if l == tag {
			return l
		}
		if b, _, _ := strings.Cut(l, "-"); b == base && found == "" {
			found = l
		}
	}
	return found
}
