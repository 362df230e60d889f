package mailrules

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
)

// Targets lists where the links of a page lead, as they are written; links to
// a place in the page itself are none.
func Targets(page []byte) []string {
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return nil
	}
	var targets []string
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.Data != "a" {
			continue
		}
		if href, ok := attribute(n, "href"); ok && !strings.HasPrefix(href, "#") {
			targets = append(targets, href)
		}
	}
	return targets
}
