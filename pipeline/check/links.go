package check

import (
	"errors"
	"io/fs"
	"net/url"
	"slices"
	"strings"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/loopback"
	"github.com/infolettre/infolettre/pipeline/render/link"
	"github.com/infolettre/infolettre/pipeline/render/markdown"
)

// link looks at where a link leads; its text is judged in rendering.
func (b *builder) link(l markdown.LinkRef) {
	u, err := url.Parse(l.URL)
	if err != nil {
		return // refused in rendering
	}
	switch u.Scheme {
	case "":
		b.relative(l)
		return
	case "http":
		if !loopback.Named(u.Hostname()) {
			b.warn("link-insecure", l.Line, map[string]any{"URL": shown(l.URL)})
		}
	case "https":
	default:
		return
	}
	if names := tracking(u); names != nil {
		b.warn("link-tracking", l.Line, map[string]any{"Names": strings.Join(names, ", "), "Instead": shown(withoutTracking(u).String())})
	}
}

// relative looks for the entry that a link names. Alone, rendering cannot
// know which entries exist.
func (b *builder) relative(l markdown.LinkRef) {
	name, ok := content.Target(b.entry.Path, l.URL)
	if !ok || !content.IsEntry(name) {
		return
	}
	if _, err := fs.Stat(b.context.Files, content.Find(b.context.Files, name)); errors.Is(err, fs.ErrNotExist) {
		b.warn("target-missing", l.Line, map[string]any{"URL": shown(l.URL)})
	}
}

// trackers are parameters that say whence a reader comes, or who they are,
// and nothing of which page is meant.
var trackers = []string{
	"fbclid", "gclid", "gclsrc", "dclid", "wbraid", "gbraid", "msclkid", "yclid", "twclid", "ttclid", "igshid", "igsh", "li_fat_id",
	"mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi", "vero_id", "oly_anon_id", "oly_enc_id", "ref_src", "ref_url", "xtor", "s_cid",
	"at_campaign", "at_medium", "at_custom1", "at_custom2", "at_custom3", "at_custom4", "at_send_date", "at_link_origin",
	"_openstat", "wickedid", "ml_subscriber", "ml_subscriber_hash", "sc_campaign", "sc_channel", "sc_content", "sc_country",
}

func isTracker(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "utm_") || strings.HasPrefix(name, "pk_") || strings.HasPrefix(name, "mtm_") || slices.Contains(trackers, name)
}

// tracking names the trackers of an address, as typed, nil for none.
func tracking(u *url.URL) (names []string) {
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if name, _, _ := strings.Cut(pair, "="); isTracker(name) {
			names = append(names, name)
		}
	}
	return names
}

// withoutTracking keeps the order of the other parameters, which may matter
// to the page.
func withoutTracking(u *url.URL) *url.URL {
	var kept []string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if name, _, _ := strings.Cut(pair, "="); pair != "" && !isTracker(name) {
			kept = append(kept, pair)
		}
	}
	clean := *u
	clean.RawQuery, clean.ForceQuery = strings.Join(kept, "&"), false
	return &clean
}

// Link writes an address so that two that lead to the same page are the same:
// without scheme, "www.", trackers, fragment and final slash. What is not on
// the Web gives "".
func Link(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	clean := withoutTracking(u)
	host := strings.ToLower(clean.Host)
	if ascii, ok := link.ASCII(host); ok {
		host = ascii
	}
	page := strings.TrimPrefix(host, "www.") + strings.TrimRight(clean.EscapedPath(), "/")
	if clean.RawQuery != "" {
		page += "?" + clean.RawQuery
	}
	return page
}

// recent is how many issues back a link counts as already sent.
const recent = 8

// SentLinks works out, where there is no ledger, the links of the last issues
// from the entries that they were made of.
func SentLinks(entries []content.Entry, past issue.Past) map[string]int {
	sent := map[string]int{}
	for _, e := range entries {
		number, in := past.Sent[e.ID]
		if !in || number <= past.Number-recent {
			continue
		}
		out, err := outline(e)
		if err != nil {
			continue // such an entry was in no issue
		}
		for _, l := range out.Links {
			if page := Link(l.URL); page != "" {
				sent[page] = max(sent[page], number)
			}
		}
	}
	return sent
}

// Recent reports that an issue is one of those whose links count as sent.
func Recent(number, last int) bool { return number > last-recent }

// shown keeps an address in a message short.
func shown(text string) string {
	const most = 120
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}
