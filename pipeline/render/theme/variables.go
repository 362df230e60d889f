package theme

import (
	"fmt"
	"strings"
)

// Variables are the theme's colours as CSS custom properties, light and dark,
// for pages whose browser knows them: --ink, --quiet, --accent, --paper,
// --tint, --line. So pages and mails share one palette.
func (t *Theme) Variables() string {
	return ":root{color-scheme:light dark;" + t.light.variables() + "}\n" +
		"@media (prefers-color-scheme:dark){:root{" + t.dark.variables() + "}}\n"
}

func (p palette) variables() string {
	var b strings.Builder
	for _, r := range []role{ink, quiet, accent, paper, tint, line} {
		fmt.Fprintf(&b, "--%s:%s;", r, p[r])
	}
	return b.String()
}
