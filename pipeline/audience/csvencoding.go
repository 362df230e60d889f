package audience

import (
	"bufio"
	"bytes"
	"errors"
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

const byteOrderMark = "\ufeff"

// encodingOf reads a file to its end. What is not UTF-8 is Windows-1252, as
// Excel writes it in French, but a file that is mostly UTF-8 is damaged: the
// error is a *Refusal.
func encodingOf(head []byte, file *bufio.Reader) (Encoding, unicode.Endianness, error) {
	if endian, wide := wide(head); wide {
		return UTF16, endian, nil
	}
	t, err := tallyOf(file)
	switch {
	case err != nil:
		return "", false, err
	case t.invalid == 0:
		return UTF8, false, nil
	case t.sequences >= t.invalid, bytes.HasPrefix(head, []byte(byteOrderMark)):
		return "", false, &Refusal{Line: t.line, ID: "encoding"}
	}
	return Windows1252, false, nil
}

// wide reports that a file is UTF-16: it says so, or every other byte of its
// beginning is none, as in what Latin letters are written with.
func wide(head []byte) (unicode.Endianness, bool) {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return unicode.LittleEndian, true
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return unicode.BigEndian, true
	}
	var nulls [2]int
	head = head[:min(len(head), 1<<10)]
	for i, b := range head {
		if b == 0 {
			nulls[i%2]++
		}
	}
	endian := unicode.BigEndian
	if nulls[1] > nulls[0] {
		endian = unicode.LittleEndian
	}
	return endian, 4*max(nulls[0], nulls[1]) > 3*(len(head)/2) && min(nulls[0], nulls[1]) == 0
}

// tally counts what speaks for UTF-8 and what against.
type tally struct {
	sequences int // letters of several bytes
	invalid   int // bytes that belong to none
	line      int // of the first of these
}

func tallyOf(r *bufio.Reader) (t tally, err error) {
	for line := 1; ; {
		chunk, err := r.Peek(r.Size())
		if len(chunk) == 0 {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return t, err
		}
		chunk = chunk[:t.add(chunk, line)]
		line += bytes.Count(chunk, []byte("\n"))
		if _, err := r.Discard(len(chunk)); err != nil {
			return t, err
		}
	}
}

// add counts a chunk that begins in that line, and returns how much of it: a
// letter that the chunk cuts in two begins the next.
func (t *tally) add(chunk []byte, line int) int {
	for at := 0; at < len(chunk); {
		valid := chunk[at : at+validPrefix(chunk[at:])]
		for _, b := range valid {
			if b >= 0xc0 {
				t.sequences++
			}
		}
		at += len(valid)
		switch {
		case at == len(chunk):
			return at
		case at > 0 && !utf8.FullRune(chunk[at:]):
			return at
		}
		if t.invalid++; t.invalid == 1 {
			t.line = line + bytes.Count(chunk[:at], []byte("\n"))
		}
		at++
	}
	return len(chunk)
}

// validPrefix is how many bytes are UTF-8.
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

// decode reads a file of the layout's encoding as UTF-8 without its mark, its
// lines ended by LF.
func (l *Layout) decode(r io.Reader) io.Reader {
	var e encoding.Encoding
	switch l.Encoding {
	case UTF16:
		e = unicode.UTF16(l.endian, unicode.UseBOM)
	case Windows1252:
		e = charmap.Windows1252
	default:
		e = unicode.UTF8BOM
	}
	r = e.NewDecoder().Reader(r)
	if l.returns {
		r = &newlines{r}
	}
	return r
}

// newlines reads CR as LF.
type newlines struct{ r io.Reader }

func (n *newlines) Read(p []byte) (int, error) {
	read, err := n.r.Read(p)
	for i, b := range p[:read] {
		if b == '\r' {
			p[i] = '\n'
		}
	}
	return read, err
}
