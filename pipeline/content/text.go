package content

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
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

// decode takes what is not UTF-8 for Windows-1252, the other thing French
// texts come in; Latin-1 differs from it in control characters only. A text
// in which some letters are UTF-8 is not that, but damaged.
func (p *parser) decode(data []byte) (text string, ok bool) {
	line := badEncoding(data)
	if line == 0 {
		return string(data), true
	}
	if somewhatUTF8(data) || slices.ContainsFunc(data, unassigned) {
		p.refuse("file-encoding", line, nil)
		return "", false
	}
	p.warn("encoding-guessed", line, nil)
	var b strings.Builder
	for _, c := range data {
		b.WriteRune(charmap.Windows1252.DecodeByte(c))
	}
	return b.String(), true
}

// unassigned reports a byte that Windows-1252 gives no letter.
func unassigned(c byte) bool { return charmap.Windows1252.DecodeByte(c) == utf8.RuneError }

// somewhatUTF8 reports a letter beyond ASCII that is written in UTF-8.
func somewhatUTF8(data []byte) bool {
	for len(data) > 0 {
		_, size := utf8.DecodeRune(data)
		if size > 1 {
			return true
		}
		data = data[size:]
	}
	return false
}

// checkText reports, once each, what a text had better not contain, and
// returns false when it must be refused. Control characters never come from a
// keyboard and could end a header or drive a terminal; but for those of a file
// that is no text, they are taken out, or were letters before some program
// took Windows-1252 for Latin-1. Marks that turn the direction of writing can
// make a text read otherwise than it is stored, but Arabic and Hebrew
// quotations need them: whoever proofreads is told, and decides.
func (p *parser) checkText(text string) (mended string, ok bool) {
	line, start := 1, 0
	var binary, control, turn, long int
	var controlRune, turnRune rune
	for i, r := range text {
		switch {
		case r >= ' ' && r < 0x7F || r == '\t': // nearly all of them
		case r == '\n':
			if i-start > maxLine && long == 0 {
				long = line
			}
			line, start = line+1, i+1
		case r == 0 || r == escape:
			if binary == 0 {
				binary, controlRune = line, r
			}
		case unicode.IsControl(r):
			if control == 0 && binary == 0 {
				control, controlRune = line, r
			}
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
	if long > 0 {
		p.refuse("line-too-long", long, map[string]any{"Limit": maxLine / 1000})
	}
	if binary > 0 {
		p.refuse("control-character", binary, map[string]any{"Code": codePoint(controlRune)})
	} else if control > 0 {
		p.warn("control-mended", control, map[string]any{"Code": codePoint(controlRune)})
		text = strings.Map(withoutControl, text)
	}
	return text, binary == 0 && long == 0
}

const escape = 0x1B // begins what drives a terminal

func withoutControl(r rune) rune {
	switch {
	case r == '\n' || r == '\t' || !unicode.IsControl(r):
		return r
	case r == '\v' || r == '\f':
		return ' '
	case r >= 0x80:
		if letter := charmap.Windows1252.DecodeByte(byte(r)); letter != utf8.RuneError {
			return letter
		}
	}
	return -1
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
