package audience

import (
	"cmp"
	"encoding/csv"
	"errors"
	"hash/maphash"
	"io"
	"iter"
	"net/netip"
	"strings"

	"golang.org/x/text/language"
)

// Row is one person of a CSV file.
type Row struct {
	Line       int
	Subscriber        // Name and Lang are "" where the file does not say
	Since      string // when they subscribed, as the file says it
	Network    string // from where, of Network
	Skipped    Skip
}

// Skip says why a row is passed over.
type Skip string

// Reasons to pass over a row.
const (
	Left      Skip = "left"      // unsubscribed, blocked or bounced at the service that wrote the file
	Duplicate Skip = "duplicate" // the address stands in a row above
)

// maxRecord bounds a row, quoted line breaks included: a quotation mark that
// is never closed would have the whole file for a row.
const maxRecord = 256 << 10

// Rows reads the persons in a file, one by one and one reading at a time: what
// it keeps of a row is a hash of the address. The errors are *Refusal, after which it goes on where
// it can, or what the reader says.
func (l *Layout) Rows(r io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		clear(l.seen)
		p := parser{layout: l, langs: map[string]string{}, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
		reader := l.reader(&bounded{r: l.decode(r)})
		reader.ReuseRecord = true
		for skip := l.headerLines(); ; {
			record, err := reader.Read()
			if err == nil && skip > 0 {
				skip--
				continue
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Row{}, refuse(err))
				return
			}
			line, _ := reader.FieldPos(0)
			if empty(record) {
				continue
			}
			if row, err := p.row(line, record); !yield(row, err) {
				return
			}
		}
	}
}

func (l *Layout) headerLines() int {
	if l.hint {
		return 2
	}
	return 1
}

func empty(record []string) bool { return strings.TrimSpace(strings.Join(record, "")) == "" }

// refuse turns an error of the CSV reader into a refusal where the file is to
// blame. After it the lines cannot be told apart any more.
func refuse(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return &Refusal{Line: parse.StartLine, ID: "quotes"}
	}
	var long *tooLong
	if errors.As(err, &long) {
		return &Refusal{Line: long.line, ID: "length"}
	}
	return err
}

// parser reads rows.
type parser struct {
	layout *Layout
	seeds  [2]maphash.Seed
	langs  map[string]string // tags parsed before
}

func (p *parser) row(line int, record []string) (Row, error) {
	c := &p.layout.columns
	email := strings.TrimSpace(field(record, c.email))
	address, err := ParseAddress(email)
	switch {
	case errors.Is(err, ErrLocalPart):
		return Row{}, &Refusal{line, "local-part", email}
	case err != nil:
		return Row{}, &Refusal{line, "address", excerpt([]string{email})}
	}
	row := Row{Line: line, Subscriber: Subscriber{Address: address, Status: Active}}
	left, known := c.left(record)
	switch {
	case !known:
		return Row{}, &Refusal{line, "status", excerpt([]string{field(record, c.status)})}
	case left:
		row.Skipped = Left
		return row, nil
	case p.again(address):
		row.Skipped = Duplicate
		return row, nil
	}
	if row.Name, err = ParseName(c.fullName(record)); err != nil {
		return Row{}, &Refusal{line, "name", address.String()}
	}
	var ok bool
	if row.Lang, ok = p.lang(field(record, c.lang)); !ok {
		return Row{}, &Refusal{line, "lang", excerpt([]string{field(record, c.lang)})}
	}
	row.Since = strings.Clone(first(record, c.dates))
	if ip, err := netip.ParseAddr(first(record, c.networks)); err == nil {
		row.Network = Network(ip)
	}
	row.ID = NewID()
	return row, nil
}

func (p *parser) again(a Address) bool {
	key := a.Key()
	one, two := maphash.String(p.seeds[0], key), maphash.String(p.seeds[1], key)
	hash := [3]uint32{uint32(one), uint32(one >> 32), uint32(two)}
	_, again := p.layout.seen[hash]
	p.layout.seen[hash] = struct{}{}
	return again
}

// maxLangs bounds what is kept of tags; a real list has a handful.
const maxLangs = 1000

func (p *parser) lang(s string) (tag string, ok bool) {
	s = strings.TrimSpace(s)
	if tag, ok = p.langs[s]; ok || s == "" {
		return tag, true
	}
	parsed, err := language.Parse(cmp.Or(langValues[fold(s)], strings.ReplaceAll(s, "_", "-")))
	if err != nil {
		return "", false
	}
	if len(p.langs) < maxLangs {
		p.langs[strings.Clone(s)] = parsed.String()
	}
	return parsed.String(), true
}

// bounded fails when a row grows too long.
type bounded struct {
	r      io.Reader
	line   int // line breaks seen
	start  int // those before the row
	length int // of the row
	quoted bool
}

type tooLong struct{ line int }

func (e *tooLong) Error() string { return "a row that does not end" }

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	for _, c := range p[:n] {
		b.length++
		switch c {
		case '"':
			b.quoted = !b.quoted
		case '\n':
			b.line++
			if !b.quoted {
				b.start, b.length = b.line, 0
			}
		}
	}
	if b.length > maxRecord {
		return 0, &tooLong{b.start + 1}
	}
	return n, err
}
