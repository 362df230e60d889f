package audience

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// Refusal is a line of a CSV file that cannot be taken.
type Refusal struct {
	Line  int
	ID    string // "address", "local-part", "name", "lang", "duplicate", "columns", "encoding", "quotes", "empty"
	Value string
}

// ReadCSV reads subscribers from a file whose first line names its columns:
// email and, if they are there, name and lang; comma, semicolon or tab
// between them. Readers without a language get the one given. With refusals,
// there are no subscribers.
func ReadCSV(data []byte, lang string) ([]Subscriber, []Refusal) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if i := firstInvalid(data); i >= 0 {
		return nil, []Refusal{{Line: 1 + bytes.Count(data[:i], []byte("\n")), ID: "encoding"}}
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma = separator(data)
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	header, err := r.Read()
	if err != nil {
		return nil, []Refusal{{Line: 1, ID: "empty"}}
	}
	email, name, language := column(header, "email", "e-mail", "mail", "courriel", "adresse"),
		column(header, "name", "nom"), column(header, "lang", "language", "langue")
	if email < 0 {
		return nil, []Refusal{{Line: 1, ID: "columns", Value: strings.Join(header, ", ")}}
	}
	var subscribers []Subscriber
	var refused []Refusal
	lines := map[string]bool{}
	for {
		row, err := r.Read()
		var parse *csv.ParseError
		if errors.As(err, &parse) {
			return nil, append(refused, Refusal{Line: parse.Line, ID: "quotes"})
		}
		if err != nil {
			break
		}
		line, _ := r.FieldPos(0)
		if len(row) == 1 && row[0] == "" {
			continue
		}
		sub, refusal := subscriber(field(row, email), field(row, name), field(row, language), lang)
		if refusal.ID == "" && lines[sub.Address.Key()] {
			refusal = Refusal{ID: "duplicate", Value: sub.Address.String()}
		}
		if refusal.ID != "" {
			refusal.Line = line
			refused = append(refused, refusal)
			continue
		}
		lines[sub.Address.Key()] = true
		subscribers = append(subscribers, sub)
	}
	if len(refused) > 0 {
		return nil, refused
	}
	return subscribers, nil
}

func subscriber(email, name, lang, otherwise string) (sub Subscriber, refusal Refusal) {
	address, err := ParseAddress(email)
	if errors.Is(err, ErrLocalPart) {
		return sub, Refusal{ID: "local-part", Value: email}
	}
	if err != nil {
		return sub, Refusal{ID: "address", Value: email}
	}
	clean, err := ParseName(name)
	if err != nil {
		return sub, Refusal{ID: "name", Value: address.String()}
	}
	tag := otherwise
	if lang = strings.TrimSpace(lang); lang != "" {
		parsed, err := language.Parse(strings.ReplaceAll(lang, "_", "-"))
		if err != nil {
			return sub, Refusal{ID: "lang", Value: lang}
		}
		tag = parsed.String()
	}
	return Subscriber{ID: NewID(), Address: address, Name: clean, Lang: tag, Status: Active}, Refusal{}
}

func column(header []string, names ...string) int {
	return slices.IndexFunc(header, func(h string) bool {
		return slices.Contains(names, strings.ToLower(strings.TrimSpace(h)))
	})
}

func field(row []string, i int) string {
	if i < 0 || i >= len(row) {
		return ""
	}
	return row[i]
}

// separator is the one that occurs most in the first line.
func separator(data []byte) rune {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	best := ','
	for _, r := range ";\t" {
		if bytes.Count(first, []byte(string(r))) > bytes.Count(first, []byte(string(best))) {
			best = r
		}
	}
	return best
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}
