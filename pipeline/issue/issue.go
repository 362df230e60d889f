// Package issue decides, from a calendar and a pile of entries, which entries make which numbered issue.
package issue

import (
	"time"

	"github.com/infolettre/infolettre/pipeline/content"
)

// Issue is a numbered mail: the entries of a window, in reading order.
type Issue struct {
	Number int
	Slot   time.Time // the moment at which it is due, in the newsletter's zone
	From   time.Time // the window is [From, To); To is the issue's border
	To     time.Time
	Items  []Item
	Commit string // git commit of the entries, "" outside git

	Errata    []Erratum // of earlier issues, which this one tells
	Corrected []Erratum // of this issue, which its page tells
}

// Item is one entry in all the languages it was written in.
type Item struct {
	ID       string
	Versions []content.Entry // in the newsletter's order of languages, never empty
}

// Version returns the item in the language nearest to lang: the same tag, the
// same base language, else the first version. exact is false for the last.
func (it Item) Version(lang string) (e content.Entry, exact bool) {
	for _, v := range it.Versions {
		if v.Lang == lang {
			return v, true
		}
	}
	for _, v := range it.Versions {
		if base(v.Lang) == base(lang) {
			return v, true
		}
	}
	return it.Versions[0], false
}

// Date places the item in time: the date of its first version.
func (it Item) Date() time.Time { return it.Versions[0].Date }

func base(tag string) string {
	for i, r := range tag {
		if r == '-' {
			return tag[:i]
		}
	}
	return tag
}
