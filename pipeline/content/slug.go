package content

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const maxSlug = 60

// undecomposed are letters that Unicode does not split into a base letter and a mark.
var undecomposed = strings.NewReplacer("œ", "oe", "æ", "ae", "ß", "ss", "ø", "o", "ł", "l", "đ", "d", "ı", "i")

// fold writes text in lower case, without accents or ligatures, with ordinary spaces.
func fold(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(s))
	return undecomposed.Replace(strings.ToLower(s))
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// Slugify writes a title for a URL or a file name: ASCII letters, digits and
// hyphens, at most 60 of them, cut at a word. It is empty for a text that has
// none of these.
func Slugify(text string) string {
	slug := strings.Trim(notSlug.ReplaceAllString(fold(text), "-"), "-")
	if len(slug) <= maxSlug {
		return slug
	}
	if i := strings.LastIndexByte(slug[:maxSlug+1], '-'); i > 0 {
		return slug[:i]
	}
	return slug[:maxSlug]
}

// assignSlugs makes slugs unique in each language. Those that authors chose
// come first, then the oldest entry, so that a new "edito" takes another slug
// and the links already sent keep theirs.
func assignSlugs(readings []reading) (problems []Problem) {
	owner := map[[2]string]string{} // language and slug → path
	last := map[[2]string]int{}     // language and dated slug → the highest number tried with it
	for _, chosen := range []bool{true, false} {
		for _, r := range byAge(readings) {
			if (r.slugLine > 0) != chosen {
				continue
			}
			slug := freeSlug(r.entry, owner, last)
			if chosen && slug != r.entry.Slug {
				problems = append(problems, Problem{ID: "slug-duplicate", File: r.entry.Path, Line: r.slugLine,
					Args: map[string]any{"Slug": r.entry.Slug, "First": owner[[2]string{r.entry.Lang, r.entry.Slug}], "Instead": slug}})
			}
			r.entry.Slug = slug
			owner[[2]string{r.entry.Lang, slug}] = r.entry.Path
		}
	}
	return problems
}

func byAge(readings []reading) []*reading {
	sorted := make([]*reading, len(readings))
	for i := range readings {
		sorted[i] = &readings[i]
	}
	slices.SortStableFunc(sorted, func(a, b *reading) int { return a.entry.Date.Compare(b.entry.Date) })
	return sorted
}

// freeSlug tries titre, titre-2026-11-19, titre-2026-11-19-2 and so on.
func freeSlug(e Entry, owner map[[2]string]string, last map[[2]string]int) string {
	taken := func(slug string) bool { return owner[[2]string{e.Lang, slug}] != "" }
	dated := strings.TrimPrefix(e.Slug+e.Date.Format("-2006-01-02"), "-")
	slug := cmp.Or(e.Slug, dated)
	if taken(slug) {
		slug = dated
	}
	for key := [2]string{e.Lang, dated}; taken(slug); {
		last[key] = max(last[key], 1) + 1
		slug = fmt.Sprintf("%s-%d", dated, last[key])
	}
	return slug
}
