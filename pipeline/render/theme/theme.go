// Package theme is the look of a mail: one table of styles, from which come the inline attributes and the dark, narrow-screen and hover rules.
package theme

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/infolettre/infolettre/pipeline/setting"
)

// DefaultAccent is the colour of a newsletter that has not chosen one.
const DefaultAccent = "#1F4E8C"

// easyContrast is what a dark accent of our own making reaches: links on a
// dark ground read poorly at the bare minimum.
const easyContrast = 7

// Theme is the table with one newsletter's colours. It never changes, and is
// safe for concurrent use.
type Theme struct {
	light, dark palette
	styles      []style
	attributes  map[string]string
	colors      map[string]string
}

// ContrastError says that a colour cannot be read on its ground.
type ContrastError struct {
	Setting    string // "accent" or "accent_dark"
	Colour, On string
	Ratio      float64
	Suggestion string // the nearest shade that can be read
}

func (e *ContrastError) Error() string {
	return fmt.Sprintf("%s %s on %s has a contrast of %.1f:1, below %.1f:1; %s would do",
		e.Setting, e.Colour, e.On, e.Ratio, minContrast, e.Suggestion)
}

// New makes the theme of an accent colour: links, kickers and buttons. The
// dark theme's accent is a lighter shade of it when accentDark is empty.
func New(accentLight, accentDark string) (*Theme, error) {
	t := &Theme{light: lightPalette(), dark: darkPalette(), styles: table()}
	if accentLight == "" {
		accentLight = DefaultAccent
	}
	var ok bool
	if t.light[accent], ok = parseColour(accentLight); !ok {
		return nil, &setting.Error{Key: "accent", Value: accentLight}
	}
	t.dark[accent] = t.light[accent].bright().towards(t.dark[ink], t.dark[paper], easyContrast)
	if accentDark != "" {
		if t.dark[accent], ok = parseColour(accentDark); !ok {
			return nil, &setting.Error{Key: "accent_dark", Value: accentDark}
		}
	}
	if err := t.light.checkAccent("accent"); err != nil {
		return nil, err
	}
	if err := t.dark.checkAccent("accent_dark"); err != nil {
		return nil, err
	}
	t.write()
	return t, nil
}

// checkAccent holds the accent to the contrast of text. On a button the
// paper's colour is written on the accent: the same two colours.
func (p palette) checkAccent(setting string) error {
	ratio := contrast(p[accent], p[paper])
	if ratio >= minContrast {
		return nil
	}
	return &ContrastError{
		Setting: setting, Colour: p[accent].String(), On: p[paper].String(), Ratio: ratio,
		Suggestion: p[accent].towards(p[ink], p[paper], minContrast).String(),
	}
}

func (t *Theme) write() {
	t.attributes = make(map[string]string, len(t.styles))
	t.colors = make(map[string]string, len(t.styles))
	for _, s := range t.styles {
		t.attributes[s.name] = fmt.Sprintf(`class=%q style="%s"`, s.name, strings.TrimSuffix(s.inline(t.light), ";"))
		if c, ok := t.light[cmp.Or(s.ground, s.ink)]; ok {
			t.colors[s.name] = c.String()
		}
	}
}

// inline is the row's whole style in one palette. A border says its colour in
// the same breath as its width: Word, which draws Outlook's mails, wants that.
func (s style) inline(p palette) string {
	css := s.css
	if s.border != "" {
		css = strings.ReplaceAll(css, "solid;", "solid "+p[s.border].String()+";")
	}
	s.border = ""
	return css + s.colours(p, "")
}

// colours writes a row's colours in one palette; each declaration ends with
// important, which rules in a sheet need in order to win over inline ones.
func (s style) colours(p palette, important string) string {
	var b strings.Builder
	for _, c := range []struct {
		property string
		role     role
	}{{"color", s.ink}, {"background-color", s.ground}, {"border-color", s.border}} {
		if c.role != "" {
			fmt.Fprintf(&b, "%s:%s%s;", c.property, p[c.role], important)
		}
	}
	return b.String()
}

// Attr is the class and style attributes of the row called name, ready to
// stand in a tag; "" when the table has no such row.
func (t *Theme) Attr(name string) string { return t.attributes[name] }

// Color is a colour of the light theme for attributes such as bgcolor: the
// ground of the row called name, or its ink when it has none; else the
// palette's colour of that name.
func (t *Theme) Color(name string) string {
	if c, ok := t.colors[name]; ok {
		return c
	}
	if c, ok := t.light[role(name)]; ok {
		return c.String()
	}
	return ""
}
