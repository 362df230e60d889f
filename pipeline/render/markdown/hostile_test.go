package markdown

import (
	"fmt"
	"strings"
)

// fill repeats a unit up to n bytes.
func fill(unit string, n int) string { return strings.Repeat(unit, n/len(unit)+1)[:n] }

// fold breaks a text into lines that keep the line limit, without ending the
// paragraph.
func fold(s string) string {
	var b strings.Builder
	for len(s) > maxLine {
		b.WriteString(s[:maxLine])
		b.WriteByte('\n')
		s = s[maxLine:]
	}
	return b.String() + s
}

// number repeats a unit with a running number for %d.
func number(format string, n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(strings.ReplaceAll(format, "%d", fmt.Sprint(i)))
	}
	return b.String()
}

func repeat(unit string) func(int) string {
	return func(n int) string { return fold(fill(unit, n)) }
}

// hostile inputs grow with n; each once made a Markdown parser quadratic, or
// makes one of the two writers repeat something long.
var hostile = map[string]func(n int) string{
	"brackets open":            repeat("["),
	"brackets nested":          func(n int) string { return fold(fill("[", n/2) + fill("]", n/2)) },
	"brackets around stars":    func(n int) string { return fold(fill("[", n/4) + fill("*a* ", n/2) + fill("]", n/4)) },
	"brackets around images":   func(n int) string { return fold(fill("[", n/5) + fill("![a](b)", n*3/5) + fill("]", n/5)) },
	"brackets in small blocks": repeat(strings.Repeat("[", 90) + strings.Repeat("]", 90) + "\n\n"),
	"images open":              repeat("!["),
	"images nested":            func(n int) string { return fold(fill("![", n/3) + fill("](u)", n*2/3)) },
	"link without end":         repeat("[a]("),
	"link in angles":           repeat("[a](<b"),
	"link title without end":   repeat(`[a](b "`),
	"links in small blocks":    repeat(strings.Repeat("[a](", 500) + "\n\n"),
	"stars unbalanced":         repeat("*a **a "),
	"stars and underscores":    repeat("*a_ "),
	"stars in small blocks":    repeat(strings.Repeat("*a_ ", 700) + "\n\n"),
	"stars inside words":       repeat("a**b"),
	"tildes":                   repeat("~~a "),
	"emphasis nested":          func(n int) string { return fold(fill("*a **a ", n/2) + fill("a** a* ", n/2)) },
	"angles":                   repeat("<"),
	"tags without end":         repeat(`<a b="`),
	"tags":                     repeat("<b>"),
	"comments without end":     repeat("a <!-- "),
	"html blocks":              repeat("<div>\n\n"),
	"backticks growing": func(n int) string {
		var b strings.Builder
		for i := 1; b.Len() < n; i++ {
			b.WriteString(strings.Repeat("`", i) + " ")
		}
		return fold(b.String()[:n])
	},
	"backticks":        repeat("` `` "),
	"entities":         repeat("&amp;"),
	"ampersands":       repeat("&"),
	"escapes":          repeat(`\`),
	"urls":             repeat("www.a.fr "),
	"urls in brackets": repeat("(www."),
	"url tail":         func(n int) string { return fold("http://a.fr/" + fill("&a;", n)) },
	"addresses":        repeat("a.a@a.a "),
	"quotes on a line": func(n int) string { return fill("> ", min(n, maxLine)) },
	"quotes on lines":  func(n int) string { return fill(fill("> ", 2*maxNesting)+"a\n", n) },
	"quotes, lazy":     func(n int) string { return fill("> ", 2*maxNesting) + "a\n" + fill("b\n", n) },
	"lists on a line":  func(n int) string { return fill("- ", min(n, maxLine)-1) + "a" },
	"lists on lines":   func(n int) string { return fill(fill("- ", 2*maxNesting)+"a\n", n) },
	"lists by indent": func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			b.WriteString(strings.Repeat(" ", 2*(i%50)) + "- a\n")
		}
		return b.String()
	},
	"lists ever deeper": func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			b.WriteString(strings.Repeat(" ", 2*i) + "- a\n")
		}
		return b.String()
	},
	"items":                repeat("1. a\n"),
	"items empty":          repeat("-\n"),
	"tasks":                repeat("- [ ] a\n"),
	"short lines":          repeat("a\n"),
	"short paragraphs":     repeat("a\n\n"),
	"hard breaks":          repeat("a\\\n"),
	"headings":             repeat("a\n-\n"),
	"rules":                repeat("***\n"),
	"definitions":          func(n int) string { return number("[a%d]: u\n", n) },
	"definitions broken":   repeat("[a]:\n"),
	"definitions unclosed": repeat("[a]: b '\n"),
	"a long destination": func(n int) string {
		return "[a]: https://a.fr/" + fill("u", maxLine-30) + "\n\n" + fold(fill("[a] ", n))
	},
	"a long destination, no text": func(n int) string {
		return "[a]: https://a.fr/" + fill("u", maxLine-30) + "\n\n" + fold(fill("[][a] ", n))
	},
	"a long title": func(n int) string {
		return "[a]: https://a.fr '" + fold(fill("l'\\&eacute;t ", n/2)) + "'\n\n" + fold(fill("[a] ", n/2))
	},
	"a long title on images": func(n int) string {
		return "[a]: https://a.fr \"" + fill("l'été :\n", n/2) + "\"\n\n" + fill("![a]\n\n", n/2)
	},
	"footnotes in footnotes": func(n int) string {
		return "[^0]\n\n" + strings.ReplaceAll(number("[^%d]: x[^%d]\n\n", n), "x[^", "x[^1")
	},
	"footnotes backwards": func(n int) string { return fold(number("[^%d] ", n/2)) + "\n\n" + number("[^%d]: x\n", n/2) },
	"footnotes on a line": func(n int) string { return "[^a]\n\n" + fill("[^a]: ", min(n, maxLine)) },
	"footnote repeated":   func(n int) string { return fold(fill("[^a] ", n)) + "\n\n[^a]: x\n" },
	"table wide":          func(n int) string { return fill("|a", n/8) + "\n" + fill("|-", n/8) + "\n" + fill("x\n", n*3/4) },
	"table at the limit": func(n int) string {
		return fill("a|", 2*maxColumns-1) + "\n" + fill("-|", 2*maxColumns-1) + "\n" + fill("x\n", n)
	},
	"table of long headers": func(n int) string {
		return "|" + fill("a", maxLine-10) + "|b\n|-|-\n" + fill("x\n", n)
	},
	"table of escaped pipes": func(n int) string { return "|a|\n|-|\n" + fill("|`\\|`|\n", n) },
	"table rules":            repeat("|-|-\n"),
	"tables in quotes":       repeat("> a|b\n> -|-\n> x\n\n"),
	"languages":              repeat("{lang=en}\n"),
	"languages of blocks":    repeat("a\n{lang=en}\n\n"),
	"languages of headings":  repeat("# a {: lang=en}\n"),
	"languages of notes":     func(n int) string { return "[^a]\n\n" + fill("[^a]: b\n{lang=en}\n", n) },
	"languages in one list":  func(n int) string { return fold("{" + fill(" .a lang=en", n)) },
	"languages, nested":      func(n int) string { return fill(fill("> ", 2*maxNesting)+"{lang=en}\n", n) },
	"straight quotes":        repeat(`"a '`),
	"guillemets":             repeat("<<"),
	"dashes":                 repeat("a - b -- "),
	"marks":                  repeat("a !? : "),
	"deep code":              func(n int) string { return fill(fill("> ", 2*maxNesting)+"    a\n", n) },
	"words":                  repeat("ab "),
}
