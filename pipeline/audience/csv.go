package audience

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Encoding is how a file writes its letters.
type Encoding string

// The encodings that spreadsheets write.
const (
	UTF8        Encoding = "UTF-8"
	UTF16       Encoding = "UTF-16"
	Windows1252 Encoding = "Windows-1252"
)

// Layout is how a CSV file is written: found out by Detect, said to the
// operator, and then followed by Rows.
type Layout struct {
	Encoding  Encoding
	Separator rune
	Service   string // that wrote it: "listmonk", "mailchimp", "brevo", "substack"; "" when unknown
	Header    []string

	hint    bool // a first line "sep=;" precedes the header
	columns columns
	seen    map[[3]uint32]struct{} // hashes of the addresses read; 96 bits: no two of a million meet
}

// Refusal is a line of a CSV file that cannot be taken.
type Refusal struct {
	Line  int
	ID    string // "address", "local-part", "name", "lang", "status", "columns", "encoding", "quotes", "length", "workbook", "empty"
	Value string
}

// Error is for operators who see the refusal in a chain of errors; commands
// write it from the catalogue.
func (r *Refusal) Error() string { return fmt.Sprintf("line %d: %s %q", r.Line, r.ID, r.Value) }

// headBytes is enough for the first lines of any real file.
const headBytes = 64 << 10

// Detect reads a file to its end and says how it is written. The first line
// must name the columns. What is not UTF-8 throughout is Windows-1252, as
// Excel writes it in French. The error is a *Refusal when the file is to
// blame.
func Detect(r io.Reader) (Layout, error) {
	buffered := bufio.NewReaderSize(r, headBytes)
	head, err := buffered.Peek(headBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return Layout{}, err
	}
	head = bytes.Clone(head)
	l := Layout{Encoding: UTF8, seen: map[[3]uint32]struct{}{}}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return Layout{}, &Refusal{Line: 1, ID: "workbook"}
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		l.Encoding = UTF16
	default:
		line, err := firstInvalid(buffered)
		if err != nil {
			return Layout{}, err
		}
		if line > 0 && bytes.HasPrefix(head, []byte(byteOrderMark)) {
			return Layout{}, &Refusal{Line: line, ID: "encoding"}
		}
		if line > 0 {
			l.Encoding = Windows1252
		}
	}
	return l, l.readHeader(head)
}

// readHeader finds separator and columns in the first line.
func (l *Layout) readHeader(head []byte) error {
	text, err := io.ReadAll(l.decode(bytes.NewReader(head)))
	if err != nil {
		return &Refusal{Line: 1, ID: "encoding"}
	}
	line := 1
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	if hint, ok := bytes.CutPrefix(bytes.TrimRight(first, "\r"), []byte("sep=")); ok && len(hint) == 1 {
		l.hint, l.Separator, text, line = true, rune(hint[0]), rest, 2
	} else {
		l.Separator = separator(text)
	}
	reader := l.reader(bytes.NewReader(text))
	if l.Header, err = reader.Read(); err != nil {
		return &Refusal{Line: line, ID: "empty"}
	}
	var ok bool
	if l.columns, ok = findColumns(l.Header); !ok {
		return &Refusal{Line: line, ID: "columns", Value: excerpt(l.Header)}
	}
	l.Service = l.columns.service()
	return nil
}

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
	for _, r := range ";\t" {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}

const byteOrderMark = "\ufeff"

// decode reads a file of the layout's encoding as UTF-8 without its mark.
func (l *Layout) decode(r io.Reader) io.Reader {
	var e encoding.Encoding
	switch l.Encoding {
	case UTF16:
		e = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
	case Windows1252:
		e = charmap.Windows1252
	default:
		e = unicode.UTF8BOM
	}
	return e.NewDecoder().Reader(r)
}

func (l *Layout) reader(r io.Reader) *csv.Reader {
	reader := csv.NewReader(r)
	reader.Comma = l.Separator
	reader.FieldsPerRecord = -1
	reader.TrimLeadingSpace = l.Separator != '\t'
	return reader
}

// firstInvalid is the first line that is not UTF-8, 0 when all are.
func firstInvalid(r *bufio.Reader) (int, error) {
	for line := 1; ; {
		chunk, err := r.Peek(r.Size())
		if len(chunk) == 0 {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return 0, err
		}
		valid := validPrefix(chunk)
		line += bytes.Count(chunk[:valid], []byte("\n"))
		if valid == 0 {
			return line, nil
		}
		if _, err := r.Discard(valid); err != nil {
			return 0, err
		}
	}
}

// validPrefix is how many bytes are UTF-8. A letter that the chunk cuts in two
// ends it; the next chunk begins with that letter.
func validPrefix(chunk []byte) int {
	if utf8.Valid(chunk) {
		return len(chunk)
	}
	for i := 0; ; {
		r, size := utf8.DecodeRune(chunk[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}
