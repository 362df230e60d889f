package audience

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"

	"golang.org/x/text/encoding/unicode"
)

// Layout is how a CSV file is written: found out by Detect, said to the
// operator, and then followed by Rows.
type Layout struct {
	Encoding  Encoding
	Separator rune
	Service   string   // that wrote it: "listmonk", "Mailchimp", …; "" when unknown
	Columns   []Column // none when the file does not name them: of its rows only the address is read

	endian  unicode.Endianness // of UTF-16
	returns bool               // a CR alone ends a line
	skip    int                // records before the first person: "sep=;", blanks, the names
	columns columns
	ignored []string // names of columns not to read

	// What readings keep of addresses is 96 bits of a hash: no two of a million meet.
	seeds [2]maphash.Seed
	seen  map[hashed]struct{} // those that stay, of this reading
	left  map[hashed]struct{} // those that left or lack consent, of all readings
}

type hashed [3]uint32

// Refusal is a line of a CSV file that cannot be taken.
type Refusal struct {
	Line   int
	ID     string // "address", "local-part", "name", "long-name", "lang", "status", "columns", "ignore", "encoding", "quotes", "length", "workbook", "json", "empty"
	Value  string
	Detail string // the column of a state, the sign in a name
}

// Error is for operators who see the refusal in a chain of errors; commands
// write it from the catalogue.
func (r *Refusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("line %d: %s %q %s", r.Line, r.ID, r.Value, r.Detail))
}

// headBytes is enough for the first lines of any real file.
const headBytes = 64 << 10

// Detect reads a file to its end and says how it is written, and what each of
// its columns is read as; those called ignored are not. The error is a
// *Refusal when the file is to blame.
func Detect(r io.Reader, ignored ...string) (Layout, error) {
	buffered := bufio.NewReaderSize(r, headBytes)
	head, err := buffered.Peek(headBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return Layout{}, err
	}
	head = bytes.Clone(head)
	l := Layout{
		ignored: ignored, seen: map[hashed]struct{}{}, left: map[hashed]struct{}{},
		seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
	}
	if id := foreign(head); id != "" {
		return Layout{}, &Refusal{Line: 1, ID: id}
	}
	if l.Encoding, l.endian, err = encodingOf(head, buffered); err != nil {
		return Layout{}, err
	}
	return l, l.readHeader(head)
}

// foreign names what is no CSV file.
func foreign(head []byte) string {
	text := bytes.TrimSpace(bytes.TrimPrefix(head, []byte(byteOrderMark)))
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return "workbook"
	case bytes.HasPrefix(text, []byte("{")), bytes.HasPrefix(text, []byte("[")):
		return "json"
	}
	return ""
}

// readHeader finds separator and columns in the first lines.
func (l *Layout) readHeader(head []byte) error {
	text, err := io.ReadAll(l.decode(bytes.NewReader(head)))
	if err != nil {
		return err
	}
	if l.returns = bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\r') >= 0; l.returns {
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	}
	begin := bytes.TrimLeft(text, "\ufeff \t\r\n;,|")
	first, _, _ := bytes.Cut(begin, []byte("\n"))
	hint, hinted := bytes.CutPrefix(bytes.TrimRight(first, "\r"), []byte("sep="))
	if hinted = hinted && len(hint) == 1; hinted {
		l.Separator = rune(hint[0])
	} else {
		l.Separator = separator(begin)
	}
	reader := l.reader(bytes.NewReader(text))
	for {
		row, err := reader.Read()
		if err != nil {
			return &Refusal{Line: 1, ID: "empty"}
		}
		l.skip++
		if hinted && row[0] == "sep=" || empty(row) {
			continue
		}
		line, _ := reader.FieldPos(0)
		return l.readNames(line, row)
	}
}

// readNames takes the first line for the names of columns, or for a person
// when an address stands in one of its cells.
func (l *Layout) readNames(line int, row []string) error {
	var addresses []int
	for i, cell := range row {
		if _, _, err := ParseMailbox(plain(cell)); err == nil {
			addresses = append(addresses, i)
		}
	}
	ignored, err := l.ignoredIn(line, row)
	if err != nil {
		return err
	}
	if len(addresses) == 1 {
		l.skip--
		l.columns = columns{email: addresses[0], name: -1, first: -1, last: -1, lang: -1}
		return nil
	}
	var ok bool
	if l.columns, ok = findColumns(row, ignored); !ok || len(addresses) > 0 {
		return &Refusal{Line: line, ID: "columns", Value: excerpt(row...)}
	}
	for i, name := range row {
		l.Columns = append(l.Columns, Column{columnName(name), l.columns.roles[i]})
	}
	l.Service = l.columns.service()
	return nil
}

// ignoredIn are the columns that the operator does not want read.
func (l *Layout) ignoredIn(line int, row []string) ([]int, error) {
	var found []int
	for _, name := range l.ignored {
		before := len(found)
		for i, h := range row {
			if strings.EqualFold(columnName(h), columnName(name)) {
				found = append(found, i)
			}
		}
		if len(found) == before {
			return nil, &Refusal{Line: line, ID: "ignore", Value: name, Detail: excerpt(row...)}
		}
	}
	return found, nil
}

// columnName is a header on one line.
func columnName(header string) string { return strings.Join(strings.Fields(header), " ") }

// separator is the one that occurs most in the first line, outside quotes.
func separator(text []byte) rune {
	counts := map[rune]int{}
	quoted := false
	for _, r := range string(text) {
		if r == '"' {
			quoted = !quoted
		}
		if r == '\n' && !quoted {
			break
		}
		if !quoted {
			counts[r]++
		}
	}
	best := ','
	for _, r := range ";\t|" {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}

func (l *Layout) reader(r io.Reader) *csv.Reader {
	reader := csv.NewReader(r)
	reader.Comma = l.Separator
	reader.FieldsPerRecord = -1
	reader.TrimLeadingSpace = l.Separator != '\t'
	return reader
}
