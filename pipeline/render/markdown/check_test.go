package markdown

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// allowed are the tags a fragment may hold, with their attributes besides
// class, style, lang and dir.
var allowed = map[string][]string{
	"p": nil, "h2": nil, "h3": nil, "h4": nil, "h5": nil, "h6": nil, "div": nil, "blockquote": nil, "pre": nil, "code": nil,
	"ul": nil, "ol": {"start"}, "li": nil, "strong": nil, "em": nil, "del": nil, "sup": nil, "span": nil, "br": nil, "hr": nil,
	"a":     {"href", "title"},
	"img":   {"src", "alt", "width", "height", "title", "border"},
	"table": {"role", "border", "cellpadding", "cellspacing"},
	"thead": nil, "tbody": nil, "tr": nil, "th": {"scope", "align"}, "td": {"align", "bgcolor"},
}

var anywhere = []string{"class", "style", "lang", "dir"}

var void = []string{"br", "hr", "img"}

// checkHTML reads a fragment as a strict reader would: every tag known, every
// element closed in order, no link inside a link, and every address harmless.
func checkHTML(fragment string) error {
	z := html.NewTokenizer(strings.NewReader(fragment))
	var open []string
	for {
		switch z.Next() {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				return z.Err()
			}
			if len(open) > 0 {
				return fmt.Errorf("not closed: %v", open)
			}
			return nil
		case html.StartTagToken:
			token := z.Token()
			if err := checkTag(token, open); err != nil {
				return err
			}
			if !slices.Contains(void, token.Data) {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			token := z.Token()
			if len(open) == 0 || open[len(open)-1] != token.Data {
				return fmt.Errorf("</%s> closes %v", token.Data, open)
			}
			open = open[:len(open)-1]
		case html.SelfClosingTagToken, html.DoctypeToken:
			return fmt.Errorf("unexpected %s", z.Token())
		case html.CommentToken:
			if c := z.Token().Data; !strings.HasPrefix(c, "[if mso]>") && c != "[if !mso]><!" && c != "<![endif]" {
				return fmt.Errorf("comment %q", c)
			}
		}
	}
}

func checkTag(token html.Token, open []string) error {
	attributes, known := allowed[token.Data]
	if !known {
		return fmt.Errorf("tag %s", token)
	}
	if token.Data == "a" && slices.Contains(open, "a") {
		return errors.New("a link inside a link")
	}
	seen := map[string]bool{}
	for _, a := range token.Attr {
		if !slices.Contains(anywhere, a.Key) && !slices.Contains(attributes, a.Key) || seen[a.Key] {
			return fmt.Errorf("attribute %s of %s", a.Key, token)
		}
		seen[a.Key] = true
		if (a.Key == "href" || a.Key == "src") && !harmless(a.Val) {
			return fmt.Errorf("address %q", a.Val)
		}
	}
	if token.Data == "img" && !(seen["alt"] && seen["width"] && seen["src"]) {
		return fmt.Errorf("image %s", token)
	}
	return nil
}

func harmless(address string) bool {
	scheme, _, found := strings.Cut(address, ":")
	return found && slices.Contains([]string{"http", "https", "mailto", "tel"}, strings.ToLower(scheme)) && !strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == '\\' })
}
