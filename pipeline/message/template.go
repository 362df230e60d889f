package message

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/render"
)

// Template is the mail of one issue in one locale, built once by go-mail,
// encoded once, and cut at the places where readers differ. Writing one
// reader's mail is then a matter of copying.
type Template struct {
	composer *Composer
	segments [][]byte
	places   []place // between the segments
	size     int     // of a mail, rather too much than too little
}

// place is what stands between two segments.
type place int

const (
	placeTo          place = iota // the whole To field
	placeMessageID                // the part before the @
	placeUnsubscribe              // a token, in header or body
	placePreferences
	placeAddress     // quoted-printable
	placeAddressHTML // the same, escaped for HTML first
)

// Stand-ins are what go-mail writes in the places. They have the length of
// what replaces them, so that the folding of the fields they are in is right.
func (c *Composer) standIn(name string, length int) string {
	s := c.hash("stand-in", name)
	return strings.Repeat(s, 1+length/len(s))[:length]
}

// compile builds the template of a document and checks it.
func (c *Composer) compile(d render.Document) (*Template, error) {
	var (
		to    = c.standIn("to", 24) + "@slot.invalid"
		id    = c.standIn("id", idLength)
		token = c.standIn("token", tokenLength)
		text  = c.standIn("text", 40)
		page  = c.standIn("html", 40)
	)
	raw, err := c.build(d, envelope{to: to, id: id, token: token}, text, page)
	if err != nil {
		return nil, err
	}
	t := &Template{composer: c}
	cutter := cutter{rest: raw}
	for _, cut := range []struct {
		mark  string
		place place
	}{{"To: <" + to + ">\r\n", placeTo}, {id, placeMessageID}, {token, placeUnsubscribe}} {
		if err := cutter.mark(cut.mark, cut.place); err != nil {
			return nil, fmt.Errorf("compile issue %d in %s: header: %w", c.issue.Number, d.Locale, err)
		}
	}
	values := map[render.Slot]string{render.Base: c.issue.Base}
	for _, part := range []struct {
		standIn, body string
		address       place
	}{{text, d.Fill(d.Text, values), placeAddress}, {page, d.Fill(d.HTML, values), placeAddressHTML}} {
		encoded := encodeBody(part.body, []mark{
			{d.Mark(render.Unsubscribe), placeUnsubscribe},
			{d.Mark(render.Preferences), placePreferences},
			{d.Mark(render.Address), part.address},
		})
		if err := cutter.body(part.standIn, encoded); err != nil {
			return nil, fmt.Errorf("compile issue %d in %s: body: %w", c.issue.Number, d.Locale, err)
		}
	}
	t.segments, t.places = cutter.finish()
	t.size = 512 * len(t.places)
	for _, segment := range t.segments {
		t.size += len(segment)
	}
	return t, t.check(d)
}

// piece is a run of encoded bytes and the place that follows it.
type piece struct {
	bytes []byte
	place place
}

// mark is a slot's text in a document and the place it becomes.
type mark struct {
	text  string
	place place
}

// encodeBody cuts a body at its marks and encodes what lies between, each run
// for itself. What replaces a mark stands alone between soft line breaks, so
// it changes no line but its own.
func encodeBody(body string, marks []mark) []piece {
	var pieces []piece
	var open []byte // what the next run begins with
	for {
		at, found := len(body), mark{}
		for _, m := range marks {
			if i := strings.Index(body, m.text); i >= 0 && i < at {
				at, found = i, m
			}
		}
		run := append(open, appendQuoted(nil, body[:at])...)
		if found.text == "" {
			return append(pieces, piece{bytes: run})
		}
		body = body[at+len(found.text):]
		pieces = append(pieces, piece{append(run, "=\r\n"...), found.place})
		open = nil
		if body != "" {
			open = []byte("=\r\n") // the soft break after the value
		}
	}
}

// cutter takes go-mail's bytes apart.
type cutter struct {
	rest []byte
	cuts []cutAt
}

type cutAt struct {
	from, to int
	pieces   []piece
}

// mark notes every occurrence of a stand-in; there must be one.
func (c *cutter) mark(text string, p place) error {
	found := 0
	for from := 0; ; found++ {
		i := bytes.Index(c.rest[from:], []byte(text))
		if i < 0 {
			break
		}
		c.cuts = append(c.cuts, cutAt{from + i, from + i + len(text), []piece{{place: p}, {}}})
		from += i + len(text)
	}
	if found == 0 {
		return fmt.Errorf("the stand-in of place %d is not in go-mail's output", p)
	}
	return nil
}

// body notes the one occurrence of a body's stand-in.
func (c *cutter) body(text string, encoded []piece) error {
	i := bytes.Index(c.rest, []byte(text))
	if i < 0 || bytes.Contains(c.rest[i+1:], []byte(text)) {
		return errors.New("the stand-in is not once in go-mail's output")
	}
	c.cuts = append(c.cuts, cutAt{i, i + len(text), encoded})
	return nil
}

// finish joins what lies between the cuts with what replaces them.
func (c *cutter) finish() (segments [][]byte, places []place) {
	slices.SortFunc(c.cuts, func(a, b cutAt) int { return a.from - b.from })
	var open []byte
	at := 0
	for _, cut := range c.cuts {
		open = append(open, c.rest[at:cut.from]...)
		for i, p := range cut.pieces {
			open = append(open, p.bytes...)
			if i < len(cut.pieces)-1 {
				segments, places = append(segments, open), append(places, p.place)
				open = nil
			}
		}
		at = cut.to
	}
	return append(segments, append(open, c.rest[at:]...)), places
}

// append writes the mail of one reader behind dst.
func (t *Template) append(dst []byte, to audience.Subscriber) []byte {
	c := t.composer
	address := to.Address.String()
	var room [tokenLength]byte // the token of unsubscribing stands in several places
	unsubscribe := c.issue.Signer.AppendToken(room[:0], audience.Unsubscribe, to.ID)
	for i, segment := range t.segments {
		dst = append(dst, segment...)
		if i == len(t.places) {
			break
		}
		switch t.places[i] {
		case placeTo:
			dst = appendHeader(dst, "To", toHeader(to.Name, address))
		case placeMessageID:
			dst = c.appendID(dst, to.ID)
		case placeUnsubscribe:
			dst = append(dst, unsubscribe...)
		case placePreferences:
			dst = c.issue.Signer.AppendToken(dst, audience.Preferences, to.ID)
		case placeAddress:
			dst = appendQuoted(dst, address)
		case placeAddressHTML:
			dst = appendQuoted(dst, html.EscapeString(address))
		}
	}
	return dst
}

// check looks at the template and a mail of it before any is sent: it has
// exactly the places of the document and of the header, the mail is what the
// wire asks for, and no stand-in is left in it.
func (t *Template) check(d render.Document) error {
	c := t.composer
	if err := t.checkPlaces(d); err != nil {
		return fmt.Errorf("issue %d in %s: %w", c.issue.Number, d.Locale, err)
	}
	sample := t.append(nil, audience.Subscriber{Name: "Zoé", Address: audience.MustAddress("zoe@example.org")})
	if bytes.Contains(sample, []byte("slot-"+d.Key)) || bytes.Contains(sample, []byte("slot.invalid")) {
		return fmt.Errorf("issue %d in %s: a slot was not filled", c.issue.Number, d.Locale)
	}
	if !bytes.HasSuffix(sample, []byte("\r\n")) {
		return fmt.Errorf("issue %d in %s: the mail does not end with a line end", c.issue.Number, d.Locale)
	}
	for line := range bytes.SplitSeq(bytes.TrimSuffix(sample, []byte("\r\n")), []byte("\r\n")) {
		bad := bytes.ContainsFunc(line, func(r rune) bool { return r == '\r' || r == '\n' || r == 0 || r > '~' })
		if bad || len(line) > 998 || bytes.HasPrefix(line, []byte(".")) {
			return fmt.Errorf("issue %d in %s: a line that SMTP does not carry: %.80q", c.issue.Number, d.Locale, line)
		}
	}
	return nil
}

// checkPlaces counts the places: one To and Message-ID, the tokens of
// List-Unsubscribe, and every mark of the document.
func (t *Template) checkPlaces(d render.Document) error {
	inHeader := 1
	if t.composer.config.Unsubscribe != (audience.Address{}) {
		inHeader = 2
	}
	in := func(body string, slot render.Slot) int { return strings.Count(body, d.Mark(slot)) }
	want := map[place]int{
		placeTo: 1, placeMessageID: 1,
		placeUnsubscribe: inHeader + in(d.Text, render.Unsubscribe) + in(d.HTML, render.Unsubscribe),
		placePreferences: in(d.Text, render.Preferences) + in(d.HTML, render.Preferences),
		placeAddress:     in(d.Text, render.Address), placeAddressHTML: in(d.HTML, render.Address),
	}
	for _, p := range t.places {
		want[p]--
	}
	for p, missing := range want {
		if missing != 0 {
			return fmt.Errorf("place %d: %d too few in the mail", p, missing)
		}
	}
	return nil
}
