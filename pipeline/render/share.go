package render

import (
	"errors"

	"github.com/infolettre/infolettre/pipeline/issue"
)

// Share is what one entry weighs in a mail's HTML.
type Share struct {
	Path  string // of the entry's file
	Full  bool   // else summarized
	Bytes int    // at most, once the slots are filled
}

// Shares weighs the entries of a document that was made from the issue, in
// reading order.
func (r *Renderer) Shares(iss issue.Issue, d Document) (shares []Share, err error) {
	ed := r.edition(iss, d.Locale)
	for i, b := range ed.blocks() {
		b.Full = i < d.Full
		html, failed := execute(ed.html, "entry", b)
		err = errors.Join(err, failed)
		shares = append(shares, Share{Path: b.file, Full: b.Full, Bytes: filledSize(html, ed.key)})
	}
	return shares, err
}
