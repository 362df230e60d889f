package mailrules

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// H6

const styleLimit = 16 * 1024 // bytes; Gmail drops a longer <style> whole

func checkStyleSheet(p *page) {
	size := 0
	for _, n := range p.elements("style") {
		size += len(text(n))
		if ancestor(n, "body") != nil {
			p.add("mail-style-rule", "", "Selector", "<body> <style>")
		}
	}
	if size >= styleLimit {
		p.add("mail-style-size", "", "Size", size/1000, "Limit", styleLimit/1000)
	}
	for _, r := range p.sheet {
		if !r.allowed() {
			p.add("mail-style-rule", r.selector, "Selector", r.selector)
		}
	}
}

var narrowScreen = regexp.MustCompile(`\(max-(?:device-)?width: ?\d+px\)`)

// allowed reports a rule whose loss harms nobody: dark mode, narrow screens,
// the pointer.
func (r styleRule) allowed() bool {
	switch {
	case strings.HasPrefix(r.selector, "@"):
		return false
	case r.dark(), narrowScreen.MatchString(r.media), r.outlookTwin(), strings.Contains(r.selector, ":hover"):
		return true
	case r.selector == ":root":
		return !slices.ContainsFunc(r.declarations, func(d declaration) bool {
			return d.property != "color-scheme" && d.property != "supported-color-schemes"
		})
	}
	return false
}

// checkInlined wants font, size and colour of every text in style attributes,
// since many webmails drop <style>.
func checkInlined(p *page) {
	for _, t := range p.texts() {
		if p.hidden(t) {
			continue
		}
		for _, property := range []string{"font-family", "font-size", "color"} {
			if p.inherited(t, property) == "" {
				p.add("mail-style-inline", tag(t.Parent), "Property", property)
			}
		}
	}
}

// inherited is the inline value that reaches n. A link takes no colour from
// outside: programs colour it themselves.
func (p *page) inherited(n *html.Node, property string) string {
	for ; n != nil; n = n.Parent {
		if v := p.style(n, property); v != "" {
			return v
		}
		if v := value(font(p.style(n, "font")), property); v != "" {
			return v
		}
		if property == "color" && n.Type == html.ElementNode && n.Data == "a" {
			return ""
		}
	}
	return ""
}

// font takes the shorthand apart as far as the rules need it.
func font(shorthand string) []declaration {
	for i, word := range strings.Fields(shorthand) {
		size, _, _ := strings.Cut(word, "/")
		if _, ok := pixels(size); ok && strings.HasSuffix(size, "px") {
			family := strings.Join(strings.Fields(shorthand)[i+1:], " ")
			return []declaration{{property: "font-size", value: size}, {property: "font-family", value: family}}
		}
	}
	return nil
}

// H7

// checkDeclarations reads all CSS of the page, inline or not.
func checkDeclarations(p *page) {
	for _, n := range p.elements() {
		for _, d := range p.styles[n] {
			p.checkDeclaration(d, func() string { return tag(n) })
			if d.property == "margin" || strings.HasPrefix(d.property, "margin-") {
				p.checkMargin(n, d)
			}
		}
	}
	for _, r := range p.sheet {
		for _, d := range r.declarations {
			p.checkDeclaration(d, func() string { return r.selector })
		}
	}
}

func (p *page) checkDeclaration(d declaration, where func() string) {
	shown := d.property + ": " + d.value
	switch {
	case strings.HasPrefix(d.property, "mso-"):
	case unsupported(d):
		p.add("mail-css-property", where(), "Declaration", shown)
	case !hexColors(d):
		p.add("mail-css-color", where(), "Declaration", shown)
	case !pixelLengths(d):
		p.add("mail-css-length", where(), "Declaration", shown)
	}
}

var (
	modernProperty = regexp.MustCompile(`^(?:position|flex(?:-.*)?|grid(?:-.*)?|order|gap|row-gap|column-gap|inset.*|place-.*|justify-.*|align-(?:items|content|self)|--.*)$`)
	modernFunction = regexp.MustCompile(`\b(?:var|calc|min|max|clamp|env)\(`)
)

// unsupported reports what Outlook or the older webmails do not draw.
func unsupported(d declaration) bool {
	return modernProperty.MatchString(d.property) || modernFunction.MatchString(d.value) ||
		d.property == "display" && (strings.Contains(d.value, "flex") || strings.Contains(d.value, "grid"))
}

var (
	colorProperty = regexp.MustCompile(`^(?:color|background|background-color|border(?:-(?:top|right|bottom|left))?(?:-color)?|outline(?:-color)?|text-decoration(?:-color)?|caret-color|fill|stroke)$`)
	hexColor      = regexp.MustCompile(`^#(?:[0-9a-f]{3}|[0-9a-f]{6})$`)
	cssWord       = regexp.MustCompile(`^[a-z][a-z-]*$`)
	notColor      = []string{
		"none", "transparent", "inherit", "initial", "unset", "solid", "dashed", "dotted", "double", "hidden", "thin", "medium",
		"thick", "underline", "line-through", "overline", "collapse", "no-repeat", "repeat", "repeat-x", "repeat-y", "center",
		"top", "bottom", "left", "right", "cover", "contain", "auto", "scroll", "wavy", "groove", "ridge", "inset", "outset",
	}
)

// hexColors refuses colour names, functions and hexadecimal with transparency.
func hexColors(d declaration) bool {
	if strings.Contains(d.value, "rgb") || strings.Contains(d.value, "hsl") {
		return false
	}
	if !colorProperty.MatchString(d.property) {
		return true
	}
	for _, word := range splitOutside(d.value, ' ') {
		if strings.HasPrefix(word, "#") && !hexColor.MatchString(word) {
			return false
		}
		if cssWord.MatchString(word) && !slices.Contains(notColor, word) {
			return false
		}
	}
	return true
}

var (
	length   = regexp.MustCompile(`^[+-]?(?:\d+\.?\d*|\.\d+)(px|%|[a-z]*)$`)
	unitless = []string{"line-height", "font-weight", "opacity", "z-index", "zoom", "orphans", "widows", "font"}
)

func pixelLengths(d declaration) bool {
	for _, word := range strings.FieldsFunc(d.value, func(r rune) bool { return r == ' ' || r == ',' || r == '/' }) {
		m := length.FindStringSubmatch(word)
		if m == nil || m[1] == "px" || m[1] == "%" || m[1] == "s" || m[1] == "ms" {
			continue
		}
		if zero := strings.Trim(word, "+-0.") == ""; m[1] == "" && (zero || slices.Contains(unitless, d.property)) {
			continue
		}
		return false
	}
	return true
}

// spaced are the elements whose margins every program keeps.
var spaced = []string{"body", "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dd", "blockquote", "pre", "hr"}

func (p *page) checkMargin(n *html.Node, d declaration) {
	if slices.Contains(spaced, n.Data) {
		return
	}
	for _, word := range strings.Fields(d.value) {
		if strings.Trim(strings.TrimSuffix(word, "px"), "0") != "" && word != "auto" {
			p.add("mail-css-margin", tag(n), "Declaration", d.property+": "+d.value)
			return
		}
	}
}

// checkCellColors wants the bgcolor attribute wherever a cell has a colour:
// it outlives the removal of styles.
func checkCellColors(p *page) {
	for _, n := range p.elements("table", "tr", "td", "th") {
		style := background(p.styles[n])
		attribute := sixDigits(strings.ToLower(attr(n, "bgcolor")))
		if style != "" && attribute != style || style == "" && attribute != "" {
			p.add("mail-bgcolor", tag(n))
		}
	}
}

// background is the colour behind an element as six digits, "" when its own
// declarations say none.
func background(list []declaration) string {
	for _, d := range slices.Backward(list) {
		if d.property != "background" && d.property != "background-color" {
			continue
		}
		for _, word := range splitOutside(d.value, ' ') {
			if hexColor.MatchString(word) {
				return sixDigits(word)
			}
		}
	}
	return ""
}

// sixDigits writes #abc as #aabbcc; what is no colour becomes "".
func sixDigits(color string) string {
	if !hexColor.MatchString(color) {
		return ""
	}
	if len(color) == 4 {
		r, g, b := color[1:2], color[2:3], color[3:4]
		return "#" + r + r + g + g + b + b
	}
	return color
}

// channels are the red, green and blue of a six-digit colour.
func channels(color string) (rgb [3]float64) {
	for i := range rgb {
		n, err := strconv.ParseUint(color[1+2*i:3+2*i], 16, 8)
		if err == nil {
			rgb[i] = float64(n) / 255
		}
	}
	return rgb
}
