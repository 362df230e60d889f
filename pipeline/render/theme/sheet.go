package theme

import (
	"fmt"
	"strings"
)

// maxMobile is the width below which a screen is narrow, in px.
const maxMobile = 600

// Sheet is the whole content of the mail's <style>. It holds only what cannot
// be written inline: dark mode, twice, since Outlook's web and mobile clients
// ignore the media query and mark elements with data-ogsc (colours) and
// data-ogsb (backgrounds) instead; narrow screens; hover.
func (t *Theme) Sheet() string {
	var b strings.Builder
	b.WriteString("@media (prefers-color-scheme:dark){\n")
	t.rules(&b, ".", func(s style) string { return s.colours(t.dark, " !important") })
	b.WriteString("}\n")
	t.rules(&b, "[data-ogsc] .", func(s style) string { return s.text().colours(t.dark, " !important") })
	t.rules(&b, "[data-ogsb] .", func(s style) string { return s.behind().colours(t.dark, " !important") })
	fmt.Fprintf(&b, "@media (max-width:%dpx){\n", maxMobile)
	t.rules(&b, ".", func(s style) string { return important(s.mobile) })
	b.WriteString("}\n")
	for _, s := range t.styles {
		if s.hover != "" {
			fmt.Fprintf(&b, ".%s:hover{%s}\n", s.name, important(s.hover))
		}
	}
	return b.String()
}

// text and behind are the halves of a row that Outlook recolours apart.
func (s style) text() style   { return style{ink: s.ink, border: s.border} }
func (s style) behind() style { return style{ground: s.ground} }

// rules writes one rule per distinct set of declarations, in the order of the
// table, with the selectors that share it.
func (t *Theme) rules(b *strings.Builder, prefix string, declarations func(style) string) {
	selectors := map[string][]string{}
	var order []string
	for _, s := range t.styles {
		d := strings.TrimSuffix(declarations(s), ";")
		if d == "" {
			continue
		}
		if selectors[d] == nil {
			order = append(order, d)
		}
		selectors[d] = append(selectors[d], prefix+s.name)
	}
	for _, d := range order {
		fmt.Fprintf(b, "%s{%s}\n", strings.Join(selectors[d], ","), d)
	}
}

// important marks every declaration, so that it wins over an inline style.
func important(css string) string {
	if css == "" {
		return ""
	}
	return strings.ReplaceAll(css, ";", " !important;") + " !important"
}
