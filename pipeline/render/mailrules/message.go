package mailrules

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxLine is RFC 5322 §2.1.1: 998 characters without the line end.
const maxLine = 998

// message is a mail taken apart; raw bytes stay as received.
type message struct {
	raw    []byte
	header textproto.MIMEHeader
	parts  []part
	closed bool // the last boundary of the multipart is there
}

type part struct {
	mediaType string // "text/html"
	charset   string
	encoding  string // lower case
	raw       []byte
	decoded   []byte
}

// parseHeader reads the header alone.
func parseHeader(raw []byte) (message, bool) {
	m := message{raw: raw}
	var err error
	m.header, err = textproto.NewReader(bufio.NewReader(bytes.NewReader(raw))).ReadMIMEHeader()
	return m, err == nil || errors.Is(err, io.EOF) && len(m.header) > 0
}

// parse reads the header and both parts.
func parse(raw []byte) (message, bool) {
	m, ok := parseHeader(raw)
	if !ok {
		return m, false
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m, false
	}
	mediaType, params, err := mime.ParseMediaType(m.header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/alternative" {
		return m, true
	}
	reader := multipart.NewReader(parsed.Body, params["boundary"])
	for {
		p, err := reader.NextRawPart()
		if err != nil {
			m.closed = err == io.EOF && bytes.Contains(raw, []byte("--"+params["boundary"]+"--"))
			return m, true
		}
		m.parts = append(m.parts, readPart(p))
	}
}

func readPart(p *multipart.Part) part {
	result := part{encoding: strings.ToLower(p.Header.Get("Content-Transfer-Encoding"))}
	mediaType, params, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
	if err == nil {
		result.mediaType, result.charset = mediaType, strings.ToLower(params["charset"])
	}
	// A part cut short gives what was there: checkParts says what is missing.
	result.raw, _ = io.ReadAll(p)
	result.decoded = decode(result.encoding, result.raw)
	return result
}

// decode undoes a transfer encoding; bytes that defy it end the result, and
// checkParts reports them.
func decode(encoding string, raw []byte) []byte {
	var r io.Reader = bytes.NewReader(raw)
	switch encoding {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	decoded, _ := io.ReadAll(r)
	return bytes.ReplaceAll(decoded, []byte("\r\n"), []byte("\n"))
}

func (m message) part(mediaType string) (part, bool) {
	for _, p := range m.parts {
		if p.mediaType == mediaType {
			return p, true
		}
	}
	return part{}, false
}

// subject is the decoded subject, as far as it decodes.
func (m message) subject() string {
	subject, err := new(mime.WordDecoder).DecodeHeader(m.header.Get("Subject"))
	if err != nil {
		return m.header.Get("Subject")
	}
	return subject
}

// unsubscribe is the web address of List-Unsubscribe, "" without one.
func (m message) unsubscribe() string {
	for _, target := range bracketed(m.header.Get("List-Unsubscribe")) {
		if strings.HasPrefix(target, "http") {
			return target
		}
	}
	return ""
}

var brackets = regexp.MustCompile(`<([^<>]*)>`)

// bracketed lists the <…> of a list header (RFC 2369 §2); folding may have
// left blanks inside a URL.
func bracketed(value string) []string {
	var targets []string
	for _, match := range brackets.FindAllStringSubmatch(value, -1) {
		targets = append(targets, strings.Join(strings.Fields(match[1]), ""))
	}
	return targets
}

// checkWire obeys RFC 5321 §2.3.8 (CR and LF only together) and §4.5.3.1.6;
// ASCII throughout, since not every server offers 8BITMIME or SMTPUTF8.
func checkWire(f *findings, raw []byte) {
	for i, line := range bytes.SplitAfter(raw, []byte("\n")) {
		content, ok := bytes.CutSuffix(line, []byte("\r\n"))
		if !ok && len(line) > 0 || bytes.ContainsAny(content, "\r\x00") {
			f.addLine(i+1, "mail-line-ending", "")
		}
		if len(content) > maxLine {
			f.addLine(i+1, "mail-line-length", "", "Length", len(content), "Limit", maxLine)
		}
		if !ascii(content) {
			f.addLine(i+1, "mail-not-ascii", strings.ToValidUTF8(string(content), "?"))
		}
	}
}

func ascii[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// checkParts wants text, then HTML: the last alternative a client
// understands is the one it shows (RFC 2046 §5.1.4).
func checkParts(f *findings, m message) {
	types := []string{}
	for _, p := range m.parts {
		types = append(types, p.mediaType)
	}
	if !slices.Equal(types, []string{"text/plain", "text/html"}) || !m.closed {
		f.add("mail-parts", strings.Join(types, ", "))
	}
	for _, p := range m.parts {
		if p.charset != "utf-8" || !encodingHolds(p) || !utf8.Valid(p.decoded) {
			f.add("mail-encoding", p.mediaType, "Part", p.mediaType)
		}
	}
}

// encodingHolds is stricter than Go's decoder, which forgives.
func encodingHolds(p part) bool {
	switch p.encoding {
	case "", "7bit":
		return ascii(p.raw)
	case "base64":
		_, err := base64.StdEncoding.DecodeString(string(p.raw))
		return err == nil
	case "quoted-printable":
		return quotedPrintable(p.raw)
	}
	return false
}

// quotedLine is a line of RFC 2045 §6.7 without its length: printable
// characters, upper-case escapes, no blank at the end.
var quotedLine = regexp.MustCompile(`^(?:(?:[\t !-<>-~]|=[0-9A-F]{2})*(?:[!-<>-~]|=[0-9A-F]{2}|=))?$`)

func quotedPrintable(raw []byte) bool {
	for line := range bytes.SplitSeq(raw, []byte("\n")) {
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) > 76 || !quotedLine.Match(line) {
			return false
		}
	}
	return true
}
