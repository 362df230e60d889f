package audience

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Address is an e-mail address fit for an SMTP envelope and a header: ASCII,
// an addr-spec of RFC 5321 with a dot-string local part, its domain in ACE
// form. The zero value is no address. Only ParseAddress makes one, so a value
// holds no line break, control, space or angle bracket.
type Address struct {
	text string
	at   int // where the @ is
}

// Errors of ParseAddress.
var (
	ErrAddress   = errors.New("not an e-mail address")
	ErrLocalPart = errors.New("a local part with letters that SMTP servers refuse")
)

// Limits of RFC 5321 §4.5.3.1.
const (
	maxLocal   = 64
	maxDomain  = 255
	maxAddress = 254
	maxLabel   = 63 // RFC 1035 §2.3.4
)

// ParseAddress reads a bare address, blanks around it allowed. A domain in
// Unicode is converted (IDNA); a local part outside ASCII is refused, since
// few servers take it.
func ParseAddress(s string) (Address, error) {
	s = strings.TrimSpace(s)
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || len(s) > 4*maxAddress {
		return Address{}, ErrAddress
	}
	local, domain := s[:at], s[at+1:]
	if strings.ContainsFunc(s, unfit) {
		return Address{}, ErrAddress
	}
	if strings.ContainsFunc(local, func(r rune) bool { return r > unicode.MaxASCII }) {
		return Address{}, ErrLocalPart
	}
	ace, err := idna.Lookup.ToASCII(strings.ToLower(domain))
	if err != nil || !strings.Contains(ace, ".") || len(ace) > maxDomain || len(local) > maxLocal || longLabel(ace) {
		return Address{}, ErrAddress
	}
	a := Address{local + "@" + ace, len(local)}
	parsed, err := mail.ParseAddress(a.text)
	if err != nil || parsed.Address != a.text || len(a.text) > maxAddress {
		return Address{}, ErrAddress
	}
	return a, nil
}

// unfit are the signs that no address of ours holds.
func unfit(r rune) bool {
	switch r {
	case '<', '>', '(', ')', '[', ']', ',', ';', ':', '\\', '"':
		return true
	}
	if r < utf8.RuneSelf { // as nearly all are, a million times
		return r <= ' ' || r == 0x7f
	}
	return unicode.IsControl(r) || unicode.IsSpace(r)
}

func longLabel(domain string) bool {
	if len(domain) <= maxLabel {
		return false
	}
	for label := range strings.SplitSeq(domain, ".") {
		if len(label) > maxLabel {
			return true
		}
	}
	return false
}

// ParseMailbox reads an address as mail programs and spreadsheets write it,
// perhaps with a name: "Jean <jean@x.fr>", "mailto:jean@x.fr", signs that
// nobody sees around it.
func ParseMailbox(s string) (a Address, name string, err error) {
	s = strings.TrimFunc(s, unseen)
	if strings.HasSuffix(s, ">") {
		if open := strings.LastIndexByte(s, '<'); open >= 0 {
			name, s = strings.Trim(strings.TrimFunc(s[:open], unseen), `"'`), strings.TrimFunc(s[open+1:len(s)-1], unseen)
		}
	}
	if scheme := len("mailto:"); len(s) > scheme && strings.EqualFold(s[:scheme], "mailto:") {
		s, _, _ = strings.Cut(s[scheme:], "?")
		s = strings.TrimFunc(s, unseen)
	}
	if strings.Contains(name, "@") {
		name = ""
	}
	a, err = ParseAddress(s)
	return a, name, err
}

// unseen are blanks, and the signs of no width that pages and spreadsheets put
// around what one copies from them.
func unseen(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

// MustAddress is ParseAddress for constants; it panics on what is not one.
func MustAddress(s string) Address {
	a, err := ParseAddress(s)
	if err != nil {
		panic(fmt.Sprintf("%q: %v", s, err))
	}
	return a
}

// String is the address as it goes over the wire.
func (a Address) String() string { return a.text }

// Key is the address with case folded: two addresses with one key are one
// mailbox to us.
func (a Address) Key() string { return strings.ToLower(a.text) }

// Domain is the part after the @, in ACE form and lower case.
func (a Address) Domain() string {
	if a == (Address{}) {
		return ""
	}
	return a.text[a.at+1:]
}

// Masked shows enough to recognise an address one knows, and no more:
// "c…@exemple.fr".
func (a Address) Masked() string {
	if a == (Address{}) {
		return ""
	}
	return a.text[:1] + "…@" + a.Domain()
}

// What ParseName refuses.
var (
	ErrName     = errors.New("a name with a sign that no mail may hold")
	ErrLongName = errors.New("a name of more than 200 characters")
)

// ParseName cleans a person's name for use in mails: blanks around it go, a
// control character or a line break in it is refused.
func ParseName(s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case len(s) > 800 || len([]rune(s)) > 200:
		return "", ErrLongName
	case strings.ContainsFunc(s, unsafeInName):
		return "", ErrName
	}
	return s, nil
}

// unsafeInName covers controls and the characters that reorder text (U+202A
// to U+202E, U+2066 to U+2069), with which a name could rewrite the line it
// stands in.
func unsafeInName(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar
}
