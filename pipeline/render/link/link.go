// Package link says what a link tells whoever reads it: by its words, and by the host it leads to.
package link

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// vagueTexts say nothing of where a link leads to someone who hears the links
// of a page one after another (WCAG 2.4.4, RGAA 6.1).
var vagueTexts = []string{
	"ici", "cliquez ici", "cliquer ici", "clique ici", "par ici", "c’est ici", "lire ici", "voir ici", "là", "lien", "le lien", "ce lien",
	"suivre ce lien", "suivez ce lien", "cliquez sur ce lien", "cette page", "cet article", "plus", "voir", "lire", "lire plus",
	"lire la suite", "la suite", "suite", "en savoir plus", "voir plus", "plus d’infos", "plus d’informations", "article", "source", "page", "site",
	"here", "click here", "click", "link", "the link", "this link", "this page", "this article", "this", "more", "read", "read more", "see more",
	"learn more", "read here", "see here", "find out more", "more info",
	"hier", "hier klicken", "klicken sie hier", "link hier", "mehr",
}

// Vague reports a text that says nothing of where its link leads, whatever
// its case and the signs around it.
func Vague(text string) bool {
	text = strings.ReplaceAll(strings.ToLower(text), "'", "’")
	text = strings.TrimFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.Contains(vagueTexts, text)
}

// ASCII is a host as the DNS knows it (RFC 5891): xn--t-9fab.fr for été.fr. ok
// is false for what can be no host, such as one with a blank in it, or with a
// sign that turns the direction of writing. One in ASCII stays as it is.
func ASCII(host string) (ascii string, ok bool) {
	if !strings.ContainsFunc(host, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return host, !strings.ContainsAny(host, "!$&'()*+,;= ")
	}
	ascii, err := idna.Lookup.ToASCII(host)
	return ascii, err == nil
}

// SameHost compares hosts as readers do: capitals, "www." and the form that
// the DNS wants aside.
func SameHost(a, b string) bool { return bare(a) == bare(b) }

func bare(host string) string {
	if ascii, ok := ASCII(host); ok {
		host = ascii
	}
	return strings.TrimPrefix(strings.ToLower(host), "www.")
}
