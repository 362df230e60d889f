package render

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/infolettre/infolettre/pipeline/issue"
)

// Document is an issue in one locale, the same for every reader of it but
// for its slots.
type Document struct {
	Locale    string
	Key       string // makes this document's marks unlike any text; see Mark
	Subject   string // no slot, one line
	Preheader string // no slot
	HTML      string // the mail's HTML part
	Text      string // the mail's text part, LF line ends
	Web       string // the page in the public archive; Base is its only slot

	Full       int // entries whose whole text is in the mail
	Summarized int // entries cut to title, excerpt and link, to keep within the budget
}

// Published is a document as the archive keeps it.
type Published struct {
	Number  int
	Date    time.Time // of its order to be sent
	Updated time.Time // of its page's last correction; Date when there is none
	Document
}

// Slot names a place where a reader's own value goes.
type Slot string

const (
	Base        Slot = "base"        // public URL of the newsletter, without final slash
	Unsubscribe Slot = "unsubscribe" // the reader's token for UnsubscribePath
	Preferences Slot = "preferences" // the reader's token for PreferencesPath
	Address     Slot = "address"     // the reader's e-mail address
)

// Where the public pages that a document links to lie below Base. An issue
// is at "/<locale>/<number>", an entry of it at "#<slug>" there.
const (
	UnsubscribePath = "/u/" // then the token
	PreferencesPath = "/p/" // then the token
	ConfirmPath     = "/c/" // then the token
	RenewPath       = "/r/" // then the token
	ApprovePath     = "/a/" // then the token: the team's
	StopPath        = "/s/" // then the token: the team's
	SubscribePath   = "/subscribe"
	FeedPath        = "/feed.xml" // below "/<locale>"
	MediaPath       = "/media/"   // then the path of an image below the content root
)

// Slots lists them all.
func Slots() []Slot { return []Slot{Base, Unsubscribe, Preferences, Address} }

// Mark is the text that stands for a slot in HTML, Text and Web. It is made
// of letters, digits and hyphens, so that escaping leaves it alone, and holds
// a hash of the issue: no author can type it.
func (d Document) Mark(s Slot) string { return mark(d.Key, s) }

func mark(key string, s Slot) string { return markPrefix(key) + string(s) }

func markPrefix(key string) string { return "slot-" + key + "-" }

// Fill replaces the slots of a part by values, which the caller has escaped
// if they need it. A slot without value stays.
func (d Document) Fill(part string, values map[Slot]string) string {
	var pairs []string
	for _, s := range Slots() {
		if v, ok := values[s]; ok {
			pairs = append(pairs, d.Mark(s), v)
		}
	}
	return strings.NewReplacer(pairs...).Replace(part)
}

// key hashes what a document is made from. A file's hash covers all an author
// can write; the texts stand in for it where an entry was never a file.
func key(iss issue.Issue, locale string) string {
	h := sha256.New()
	field := func(s string) { fmt.Fprintf(h, "%d:%s", len(s), s) }
	field(locale)
	field(fmt.Sprint(iss.Number))
	field(iss.Slot.UTC().Format(time.RFC3339))
	for _, item := range iss.Items {
		for _, e := range item.Versions {
			for _, s := range []string{item.ID, e.Lang, e.Hash, e.Title, e.Excerpt, e.Body} {
				field(s)
			}
		}
	}
	for _, list := range [][]issue.Erratum{iss.Errata, iss.Corrected} {
		for _, e := range list {
			for _, s := range []string{e.ID, e.Reason, e.Text} {
				field(s)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// filledSize is the most that a part will weigh once its slots are filled.
func filledSize(part, key string) int {
	const room = 120 // a signed token, or a long public URL
	return len(part) + room*strings.Count(part, markPrefix(key))
}

// writer is the part of a template set that render needs, html or text.
type writer interface {
	ExecuteTemplate(w io.Writer, name string, data any) error
}

func execute(t writer, name string, data any) (string, error) {
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("fill template %s: %w", name, err)
	}
	return b.String(), nil
}
