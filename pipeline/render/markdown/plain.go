package markdown

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

// plain is the text of an inline node's children on one line: what an alt
// attribute or a list of links can hold.
func plain(parent ast.Node, source []byte) string {
	var b strings.Builder
	writePlain(&b, parent, source)
	return spaced(b.String())
}

func writePlain(b *strings.Builder, parent ast.Node, source []byte) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			b.WriteString(textOf(n, source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.WriteString(stringOf(n))
		case *ast.AutoLink:
			b.Write(n.Label(source))
		case *ast.RawHTML:
			b.WriteString(leftOf(n, source))
		case *east.FootnoteLink, *east.FootnoteBacklink:
		default:
			writePlain(b, n, source)
		}
	}
}

// leftOf is what a dropped tag leaves: a space for a <br>, whose neighbours
// would else become one word, and nothing for the others.
func leftOf(n *ast.RawHTML, source []byte) string {
	tag := n.Segments.Value(source)
	if len(tag) >= 4 && bytes.EqualFold(tag[:3], []byte("<br")) && bytes.IndexByte([]byte(" />"), tag[3]) >= 0 {
		return " "
	}
	return ""
}

// isBreakable reports the blanks at which a line may be broken; no-break
// spaces are not among them.
func isBreakable(r rune) bool { return r == ' ' || r == '\n' || r == '\t' }

// spaced is a text with one space for its blanks, and none at its ends.
func spaced(s string) string {
	if !strings.ContainsAny(s, "\t\n") && !strings.Contains(s, "  ") && strings.Trim(s, " ") == s {
		return s
	}
	return strings.Join(strings.FieldsFunc(s, isBreakable), " ")
}

func isBlank(s string) bool { return strings.TrimFunc(s, isBreakable) == "" }

// What textOf, stringOf and unescape return shares the bytes it is made from,
// which nobody changes once they are parsed.

func textOf(n *ast.Text, source []byte) string {
	raw := n.Value(source)
	if n.IsRaw() {
		return util.BytesToReadOnlyString(raw)
	}
	return unescape(raw)
}

func stringOf(n *ast.String) string {
	if n.IsRaw() || n.IsCode() {
		return util.BytesToReadOnlyString(n.Value)
	}
	return unescape(n.Value)
}

// unescape resolves backslash escapes and character references in one pass,
// so that "\&amp;" keeps its ampersand (CommonMark 0.31, 2.4 and 2.5).
func unescape(raw []byte) string {
	i := indexEscape(raw)
	if i < 0 {
		return util.BytesToReadOnlyString(raw)
	}
	var b strings.Builder
	for ; i >= 0; i = indexEscape(raw) {
		b.Write(raw[:i])
		s, size := escapeAt(raw[i:])
		b.WriteString(s)
		raw = raw[i+size:]
	}
	b.Write(raw)
	return b.String()
}

func indexEscape(raw []byte) int {
	for i, c := range raw {
		if c == '\\' || c == '&' {
			return i
		}
	}
	return -1
}

// escapeAt resolves the escape at the start of raw, and says how many bytes
// it spans.
func escapeAt(raw []byte) (string, int) {
	if raw[0] == '\\' {
		if len(raw) > 1 && util.IsPunct(raw[1]) {
			return string(raw[1:2]), 2
		}
		return "\\", 1
	}
	const longest = len("&CounterClockwiseContourIntegral;")
	end := bytes.IndexByte(raw[:min(len(raw), longest)], ';')
	if end < 2 {
		return "&", 1
	}
	name := string(raw[1:end])
	if name[0] == '#' {
		if r, ok := numeric(name[1:]); ok {
			return string(r), end + 1
		}
		return "&", 1
	}
	if entity, ok := util.LookUpHTML5EntityByName(name); ok {
		return string(entity.Characters), end + 1
	}
	return "&", 1
}

// numeric reads the digits of a numeric reference. What no text may hold
// becomes U+FFFD.
func numeric(digits string) (rune, bool) {
	base, most := 10, 7
	if digits != "" && (digits[0] == 'x' || digits[0] == 'X') {
		base, most, digits = 16, 6, digits[1:]
	}
	if len(digits) > most {
		return 0, false
	}
	v, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return 0, false
	}
	if r := rune(v); utf8.ValidRune(r) && !isControl(r) {
		return r, true
	}
	return utf8.RuneError, true
}
