package content

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// place is what a file's path says of its entry.
type place struct {
	id    string // see Entry.ID
	lang  string // "" when the path names no language
	date  string // as an ISO date, "" when the path has none; perhaps impossible
	leads bool   // the name begins with the date: it is not one that the text is about
	slug  string // last part of the path without its date, perhaps ""
	draft bool
}

func placeOf(name string, languages []string) place {
	p := place{id: strings.TrimSuffix(name, path.Ext(name))}
	if suffix := path.Ext(p.id); suffix != "" {
		if p.lang = suffixLanguage(suffix[1:], languages); p.lang != "" {
			p.id = strings.TrimSuffix(p.id, suffix)
		}
	}
	p.id = strings.TrimSuffix(p.id, "/index")
	folders := strings.Split(p.id, "/")
	base := folders[len(folders)-1]
	folders = folders[:len(folders)-1]
	p.draft = slices.Contains(folders, draftFolder)
	if i := slices.IndexFunc(folders, func(f string) bool { return twoLetters.MatchString(f) && slices.Contains(languages, canonical(f)) }); i >= 0 && p.lang == "" {
		p.lang = canonical(folders[i])
		p.id = path.Join(append(slices.Delete(slices.Clone(folders), i, i+1), base)...)
	}
	var rest string
	p.date, rest = pathDate(path.Join(append(folders, base)...))
	p.leads = p.date != "" && rest != base
	p.slug = Slugify(rest)
	return p
}

var (
	dashedDate  = regexp.MustCompile(`(?:^|\D)((?:19|20|21)\d\d)[-_.](\d{1,2})[-_.](\d{1,2})(?:$|\D)`)
	compactDate = regexp.MustCompile(`(?:^|\D)((?:19|20|21)\d\d)(\d\d)(\d\d)(?:$|\D)`)
	folderDate  = regexp.MustCompile(`(?:^|/)(\d{4})[-/](\d\d)[-/](\d\d)(?:$|[-_/. ])`)
)

// pathDate finds the date in 2026-11-19-titre, rdp_2026-11-19,
// 20261119-titre, 2026/11/19/titre, 2026/11-19-titre and
// 2026-11-19-titre/texte: in the name rather than a folder. rest is the name
// without a date that it begins with.
func pathDate(id string) (date, rest string) {
	name := path.Base(id)
	if at := dashedDate.FindStringSubmatchIndex(name); at != nil {
		return isoDate(name, at), restOf(name, at)
	}
	if at := compactDate.FindStringSubmatchIndex(name); at != nil { // eight digits can be something else
		date := isoDate(name, at)
		if m, ok := parseDate(date); ok && m.fault() == "" {
			return date, restOf(name, at)
		}
	}
	all := folderDate.FindAllStringSubmatchIndex(id, -1)
	if all == nil {
		return "", name
	}
	at := all[len(all)-1]
	if rest := id[at[7]:]; !strings.Contains(rest, "/") {
		name = rest // 2026/11-19-titre
	}
	return isoDate(id, at), strings.TrimPrefix(name, "/")
}

// isoDate writes the date that a pattern's three groups found.
func isoDate(text string, at []int) string {
	m := moment{year: number(text[at[2]:at[3]]), month: number(text[at[4]:at[5]]), day: number(text[at[6]:at[7]])}
	return m.String()
}

func restOf(name string, at []int) string {
	if at[2] == 0 {
		return name[at[7]:]
	}
	return name
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

// withoutRegion writes fr-FR as fr where that is the newsletter's language;
// fr-CA has usages of its own.
func withoutRegion(tag string, languages []string) string {
	base, region, found := strings.Cut(tag, "-")
	if !found || slices.Contains(languages, tag) || !slices.Contains(languages, base) {
		return tag
	}
	if usual, _ := language.Make(base).Region(); usual.String() != region {
		return tag
	}
	return base
}
