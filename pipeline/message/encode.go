package message

import (
	"net/mail"
	"strings"
)

// maxLine is RFC 2045's limit for a quoted-printable line, its final "="
// included; header lines keep to the same.
const maxLine = 76

const hexDigits = "0123456789ABCDEF"

// appendQuoted appends text in quoted-printable (RFC 2045 §6.7), starting at
// the beginning of a line; LF ends a line. Three things go beyond the RFC: no
// line begins with a dot, so that SMTP's dot-stuffing changes nothing; none
// begins with "From ", which some mailboxes would alter; and none ends with a
// blank. The last line is left open.
func appendQuoted(dst []byte, text string) []byte {
	column := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\n' {
			dst = append(dst, '\r', '\n')
			column = 0
			continue
		}
		atEnd := i+1 == len(text) || text[i+1] == '\n'
		literal := c > ' ' && c <= '~' && c != '=' || (c == ' ' || c == '\t') && !atEnd
		if column == 0 && (c == '.' || c == 'F' && strings.HasPrefix(text[i:], "From ")) {
			literal = false
		}
		width := 3
		if literal {
			width = 1
		}
		room := maxLine - 1 // for the "=" of a soft break
		if i+1 < len(text) && text[i+1] == '\n' {
			room = maxLine
		}
		if column+width > room {
			dst = append(dst, '=', '\r', '\n')
			column = 0
			i-- // what begins a line is looked at anew
			continue
		}
		if literal {
			dst = append(dst, c)
		} else {
			dst = append(dst, '=', hexDigits[c>>4], hexDigits[c&15])
		}
		column += width
	}
	return dst
}

// appendHeader appends a header field, folded at its blanks so that lines
// keep to maxLine where they can.
func appendHeader(dst []byte, name, value string) []byte {
	dst = append(append(dst, name...), ':')
	column := len(name) + 1
	for word := range strings.SplitSeq(value, " ") {
		if column+1+len(word) > maxLine && column > len(name)+1 {
			dst = append(dst, '\r', '\n')
			column = 0
		}
		dst = append(append(dst, ' '), word...)
		column += 1 + len(word)
	}
	return append(dst, '\r', '\n')
}

// toHeader is the value of the To field: "Zoé <zoe@exemple.fr>", encoded.
func toHeader(name, address string) string {
	if name == "" {
		return "<" + address + ">"
	}
	return (&mail.Address{Name: name, Address: address}).String()
}
