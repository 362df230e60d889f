package content

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// normalise gives text LF line ends and no byte order mark, whichever editor it comes from.
func normalise(data []byte) []byte {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	if bytes.IndexByte(data, '\r') < 0 {
		return data
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
}

// badEncoding returns the line of the first byte that is not UTF-8, 0 when there is none.
func badEncoding(data []byte) int {
	if utf8.Valid(data) {
		return 0
	}
	line := 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			break
		}
		if r == '\n' {
			line++
		}
		data = data[size:]
	}
	return line
}

// checkText reports, once each, what no text may contain, and returns false
// when it must be refused. Control characters never come from a keyboard and
// could end a header or drive a terminal. Marks that turn the direction of
// writing can make a text read otherwise than it is stored, but Arabic and
// Hebrew quotations need them: whoever proofreads is told, and decides.
func (p *parser) checkText(text string) bool {
	line, start := 1, 0
	var control, turn, long int
	var controlRune, turnRune rune
	for i, r := range text {
		switch {
		case r == '\n':
			if i-start > maxLine && long == 0 {
				long = line
			}
			line, start = line+1, i+1
		case r >= ' ' && r < 0x7F || r == '\t':
		case unicode.IsControl(r) && control == 0:
			control, controlRune = line, r
		case turnsDirection(r) && turn == 0:
			turn, turnRune = line, r
		}
	}
	if len(text)-start > maxLine && long == 0 {
		long = line
	}
	if turn > 0 {
		p.warn("bidi-control", turn, map[string]any{"Code": codePoint(turnRune)})
	}
	if control > 0 {
		p.refuse("control-character", control, map[string]any{"Code": codePoint(controlRune)})
	}
	if long > 0 {
		p.refuse("line-too-long", long, map[string]any{"Limit": maxLine >> 10})
	}
	return control == 0 && long == 0
}

// turnsDirection reports Unicode's explicit embeddings, overrides and isolates.
func turnsDirection(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

func codePoint(r rune) string { return fmt.Sprintf("U+%04X", r) }

// shown makes an author's text fit to stand in a message: short, and without
// anything that could act on the terminal it is printed on.
func shown(text string) string {
	const most = 200
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > most {
			b.WriteRune('…')
			break
		}
		if unicode.IsControl(r) || turnsDirection(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}
