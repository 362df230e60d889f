package audience

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"net/netip"
	"strings"
	"unicode/utf8"
)

// Row is one person of a CSV file.
type Row struct {
	Line       int
	Subscriber        // Name and Lang are "" where the file does not say
	Since      string // when they subscribed, as the file says it
	Network    string // from where, of Network
	Skipped    Skip
	Undone     bool // the row is not subscribed, and one above with its address was taken for it
}

// Skip says why a row is passed over.
type Skip string

// Reasons to pass over a row. Of a row that left or lacks consent, the address
// is the zero value when the cell holds none.
const (
	Left      Skip = "left"       // unsubscribed, blocked or bounced at the service that wrote the file
	Lacking   Skip = "lacking"    // no consent, or not confirmed yet
	LeftToo   Skip = "left-too"   // another row of that address left, or lacks it
	Duplicate Skip = "duplicate"  // the address stands in a row above
	NoAddress Skip = "no-address" // the cell is empty
)

// maxRecord bounds a row, quoted line breaks included: a quotation mark that
// is never closed would have the whole file for a row.
const maxRecord = 256 << 10

// Rows reads the persons in a file, one by one and one reading at a time: what
// it keeps of a row is a hash of the address. The first reading learns which
// addresses left, and marks those that it took for staying before; the second
// passes over them. The errors are *Refusal, after which it goes on where it
// can, or what the reader says.
func (l *Layout) Rows(r io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		clear(l.seen)
		p := parser{layout: l, langs: map[string]string{}, meanings: map[string]meaning{}}
		reader := l.reader(&bounded{r: l.decode(r)})
		reader.ReuseRecord = true
		for skip := l.skip; ; {
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
	layout   *Layout
	langs    map[string]string  // tags parsed before
	meanings map[string]meaning // of values read before
}

func (p *parser) row(line int, record []string) (Row, error) {
	c := &p.layout.columns
	state, unknown := p.state(line, record)
	cell := field(record, c.email)
	address, name, err := ParseMailbox(cell)
	row := Row{Line: line, Subscriber: Subscriber{Address: address, Status: Active}}
	switch {
	case state == departed, state == lacking:
		row.Skipped = Left
		if state == lacking {
			row.Skipped = Lacking
		}
		if err == nil {
			row.Undone = p.layout.leave(address)
		}
		return row, nil
	case strings.TrimFunc(cell, unseen) == "":
		row.Skipped = NoAddress
		return row, nil
	case unknown != nil:
		return Row{}, unknown
	case errors.Is(err, ErrLocalPart):
		return Row{}, &Refusal{Line: line, ID: "local-part", Value: excerpt(cell)}
	case err != nil:
		return Row{}, &Refusal{Line: line, ID: "address", Value: excerpt(cell)}
	}
	if row.Skipped = p.layout.again(address); row.Skipped != "" {
		return row, nil
	}
	return row, p.fill(&row, record, name)
}

// fill reads what a row says of somebody who is subscribed.
func (p *parser) fill(row *Row, record []string, name string) error {
	c := &p.layout.columns
	name = oneLine(cmp.Or(c.fullName(record), name))
	var err error
	switch row.Name, err = ParseName(name); {
	case errors.Is(err, ErrLongName):
		return &Refusal{Line: row.Line, ID: "long-name", Value: row.Address.String()}
	case err != nil:
		sign, _ := utf8.DecodeRuneInString(name[strings.IndexFunc(name, unsafeInName):])
		return &Refusal{Line: row.Line, ID: "name", Value: row.Address.String(), Detail: fmt.Sprintf("%U", sign)}
	}
	var ok bool
	if row.Lang, ok = p.lang(field(record, c.lang)); !ok {
		return &Refusal{Line: row.Line, ID: "lang", Value: excerpt(field(record, c.lang))}
	}
	row.Since = strings.Clone(first(record, c.dates))
	if ip, err := netip.ParseAddr(first(record, c.networks)); err == nil {
		row.Network = Network(ip)
	}
	row.ID = NewID()
	return nil
}

// oneLine makes a blank of the line breaks and tabs in a cell.
func oneLine(s string) string {
	if !strings.ContainsAny(s, "\r\n\t") {
		return s
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\r' || r == '\n' || r == '\t' }), " ")
}

// state is what the columns of a row say together: the gravest counts. What is
// left in doubt is a refusal.
func (p *parser) state(line int, record []string) (state verdict, doubt *Refusal) {
	c := &p.layout.columns
	for _, i := range c.states {
		value := field(record, i)
		said := says(c.roles[i], p.meaning(value))
		if said == doubtful && doubt == nil {
			doubt = &Refusal{Line: line, ID: "status", Value: excerpt(strings.TrimSpace(value)), Detail: p.layout.Columns[i].Name}
		}
		state = max(state, said)
	}
	return state, doubt
}

// maxKept bounds what is kept of values; a real list has a handful.
const maxKept = 1000

func (p *parser) meaning(value string) meaning {
	m, known := p.meanings[value]
	if !known {
		m = meaningOf(value)
		if len(p.meanings) < maxKept && len(value) <= maxWord {
			p.meanings[strings.Clone(value)] = m
		}
	}
	return m
}

func (l *Layout) hash(a Address) hashed {
	key := a.Key()
	one, two := maphash.String(l.seeds[0], key), maphash.String(l.seeds[1], key)
	return hashed{uint32(one), uint32(one >> 32), uint32(two)}
}

// leave remembers an address that left; undone: it was taken for staying.
func (l *Layout) leave(a Address) (undone bool) {
	h := l.hash(a)
	_, undone = l.seen[h]
	delete(l.seen, h)
	l.left[h] = struct{}{}
	return undone
}

// again says why an address is not taken.
func (l *Layout) again(a Address) Skip {
	h := l.hash(a)
	if _, left := l.left[h]; left {
		return LeftToo
	}
	if _, again := l.seen[h]; again {
		return Duplicate
	}
	l.seen[h] = struct{}{}
	return ""
}

func (p *parser) lang(s string) (tag string, ok bool) {
	s = strings.TrimSpace(s)
	if tag, ok = p.langs[s]; ok || s == "" {
		return tag, true
	}
	if tag, ok = ParseLanguage(s); ok && len(p.langs) < maxKept {
		p.langs[strings.Clone(s)] = tag
	}
	return tag, ok
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
