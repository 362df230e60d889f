package mailrules

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// declaration is one "property:value" of CSS, lower case.
type declaration struct {
	property, value string
	important       bool
}

// styleRule is one selector of a style sheet with its declarations.
type styleRule struct {
	media        string // the at-rule around it, "" without one
	selector     string
	steps        steps
	declarations []declaration
}

func value(list []declaration, property string) string {
	for _, d := range slices.Backward(list) {
		if d.property == property {
			return d.value
		}
	}
	return ""
}

func parseDeclarations(css string) []declaration {
	var list []declaration
	for _, one := range splitOutside(css, ';') {
		property, value, ok := strings.Cut(one, ":")
		if !ok {
			continue
		}
		value = collapse(strings.ToLower(value))
		value, important := strings.CutSuffix(value, "!important")
		list = append(list, declaration{
			property:  strings.ToLower(strings.TrimSpace(property)),
			value:     strings.TrimSpace(value),
			important: important,
		})
	}
	return list
}

// splitOutside splits at sep where it stands outside quotes and parentheses.
func splitOutside(s string, sep byte) []string {
	var pieces []string
	var quote byte
	depth, start := 0, 0
	for i := range len(s) {
		c := s[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == sep && depth <= 0:
			pieces = append(pieces, s[start:i])
			start = i + 1
		}
	}
	return append(pieces, s[start:])
}

var cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)

// parseSheet reads a style sheet; rules within @media carry its query, and an
// at-rule without block is a rule without declarations.
func parseSheet(css, media string) []styleRule {
	var rules []styleRule
	css = cssComment.ReplaceAllString(css, "")
	for {
		end := strings.IndexAny(css, "{;")
		if end < 0 {
			return rules
		}
		prelude := collapse(css[:end])
		if css[end] == ';' {
			css = css[end+1:]
			if prelude != "" {
				rules = append(rules, styleRule{media: media, selector: prelude})
			}
			continue
		}
		var block string
		block, css = cutBlock(css[end+1:])
		rules = append(rules, readRule(prelude, block, media)...)
	}
}

func readRule(prelude, block, media string) []styleRule {
	if strings.HasPrefix(prelude, "@media") && media == "" {
		return parseSheet(block, strings.ToLower(prelude))
	}
	var rules []styleRule
	declarations := parseDeclarations(block)
	for _, selector := range splitOutside(prelude, ',') {
		selector = collapse(selector)
		rules = append(rules, styleRule{media, selector, parseSelector(selector), declarations})
	}
	return rules
}

// cutBlock cuts css at the brace that closes a block already open.
func cutBlock(css string) (block, rest string) {
	depth := 1
	for i := range len(css) {
		switch css[i] {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			return css[:i], css[i+1:]
		}
	}
	return css, ""
}

// dark reports a rule for readers who asked for dark colours.
func (r styleRule) dark() bool {
	return strings.Contains(strings.ReplaceAll(r.media, " ", ""), "prefers-color-scheme:dark")
}

var outlookMark = regexp.MustCompile(`\[data-ogs[cb]\]`)

// outlookTwin reports a rule for the Outlook apps, which ignore the media
// query and mark what they recoloured instead.
func (r styleRule) outlookTwin() bool { return outlookMark.MatchString(r.selector) }

// compound is one step of a selector: tag, classes, id, attributes.
var compound = regexp.MustCompile(`^(?:\*|[a-zA-Z][a-zA-Z0-9]*)?(?:\.[\w-]+|#[\w-]+|\[[\w-]+\])*$`)

var compoundPiece = regexp.MustCompile(`[.#\[]?[\w*-]+`)

// steps is a selector taken apart: compounds in descent, each in pieces.
type steps [][]string

// parseSelector knows the selectors that mail programs know; any other has no
// steps, and matches nothing.
func parseSelector(selector string) steps {
	if selector == ":root" {
		selector = "html"
	}
	var parsed steps
	for _, step := range strings.Fields(selector) {
		if !compound.MatchString(step) {
			return nil
		}
		parsed = append(parsed, compoundPiece.FindAllString(step, -1))
	}
	return parsed
}

func (s steps) match(n *html.Node) bool {
	if len(s) == 0 || !fits(s[len(s)-1], n) {
		return false
	}
	s = s[:len(s)-1]
	for n = n.Parent; n != nil && len(s) > 0; n = n.Parent {
		if fits(s[len(s)-1], n) {
			s = s[:len(s)-1]
		}
	}
	return len(s) == 0
}

func fits(pieces []string, n *html.Node) bool {
	return n.Type == html.ElementNode && !slices.ContainsFunc(pieces, func(piece string) bool { return !hasPiece(piece, n) })
}

func hasPiece(piece string, n *html.Node) bool {
	switch piece[0] {
	case '.':
		return slices.Contains(strings.Fields(attr(n, "class")), piece[1:])
	case '#':
		return attr(n, "id") == piece[1:]
	case '[':
		_, ok := attribute(n, piece[1:])
		return ok
	}
	return piece == "*" || strings.EqualFold(piece, n.Data)
}
