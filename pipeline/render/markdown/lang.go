package markdown

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
	"golang.org/x/text/language"

	"github.com/infolettre/infolettre/pipeline/render/typography"
)

// languages is the extension with which an author names the language of a
// block, on a line of its own right below it or at the end of a heading:
//
//	> To be, or not to be.
//	{lang=en}
//
// It is the block attribute list of Hugo, {lang=en}, and of kramdown,
// {: lang="en"}. Other attributes in a list that names a language count for
// nothing; a list that names none is text.
//
// The block gets the attributes lang and, where the direction of writing
// changes, dir. A list that means nothing becomes a finding in the context.
type languages struct{ dir string } // of the text around the blocks

// Priorities, from the lowest on: headings before goldmark's own (100 and
// 600), lists before its paragraphs (1000), and languages before the
// typographer that follows them.
const (
	setextPriority   = 99
	atxPriority      = 599
	markPriority     = 700
	languagePriority = typographerPriority - 2

	textBlockPriority = 500 // of a renderer: before goldmark's own (1000)
)

// Extend implements goldmark.Extender.
func (l languages) Extend(m goldmark.Markdown) {
	m.Parser().AddOptions(
		parser.WithBlockParsers(
			util.Prioritized(headingParser{parser.NewSetextHeadingParser()}, setextPriority),
			util.Prioritized(headingParser{parser.NewATXHeadingParser()}, atxPriority),
			util.Prioritized(markParser{}, markPriority),
		),
		parser.WithASTTransformers(util.Prioritized(l, languagePriority)),
	)
	m.Renderer().AddOptions(renderer.WithNodeRenderers(util.Prioritized(textBlockRenderer{}, textBlockPriority)))
}

// mark is an attribute list that names a language. It leaves the tree before
// the tree is drawn.
type mark struct {
	ast.BaseBlock
	lang  string         // as typed
	note  *east.Footnote // above the mark; goldmark moves it to the end of the document
	apart bool           // there is no line above, or it is blank
}

var kindMark = ast.NewNodeKind("LanguageMark")

// Kind implements ast.Node.
func (m *mark) Kind() ast.NodeKind { return kindMark }

// Dump implements ast.Node.
func (m *mark) Dump(source []byte, level int) {
	ast.DumpHelper(m, source, level, map[string]string{"lang": m.lang}, nil)
}

const attribute = `(?:[#.][\w-]+|[\w:-]+[ \t]*=[ \t]*(?:"[^"]*"|'[^']*'|[^\s"'{}]*))`

var (
	attributeList = regexp.MustCompile(`\{:?[ \t]*(` + attribute + `(?:[ \t]+` + attribute + `)*)[ \t]*\}\s*$`)
	langAttribute = regexp.MustCompile(`(?i:(?:^|[ \t])lang)[ \t]*=[ \t]*(?:"([^"]*)"|'([^']*)'|(\S*))`)
)

// markAt finds the attribute list at the end of a line, and where it begins.
func markAt(line []byte) (m *mark, start int) {
	at := attributeList.FindSubmatchIndex(line)
	if at == nil {
		return nil, 0
	}
	lang := langAttribute.FindSubmatch(line[at[2]:at[3]])
	if lang == nil {
		return nil, 0
	}
	return &mark{lang: string(lang[1]) + string(lang[2]) + string(lang[3])}, at[0]
}

var marksKey = parser.NewContextKey()

// remember keeps a mark for the transformer.
func remember(m *mark, pc parser.Context) {
	marks, _ := pc.Get(marksKey).([]*mark)
	pc.Set(marksKey, append(marks, m))
}

// markParser reads marks on a line of their own.
type markParser struct{}

// Trigger implements parser.BlockParser.
func (markParser) Trigger() []byte { return []byte{'{'} }

// Open implements parser.BlockParser.
func (markParser) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, segment := reader.PeekLine()
	m, start := markAt(line)
	if m == nil || !util.IsBlank(line[:start]) {
		return nil, parser.NoChildren
	}
	m.note, _ = parent.LastChild().(*east.Footnote)
	m.apart = blankAbove(reader.Source()[:segment.Start])
	remember(m, pc)
	reader.AdvanceToEOL()
	return m, parser.NoChildren
}

// blankAbove tells whether the last whole line holds nothing but the marks of
// quotes.
func blankAbove(source []byte) bool {
	above := source[:max(0, bytes.LastIndexByte(source, '\n'))]
	return len(bytes.Trim(above[bytes.LastIndexByte(above, '\n')+1:], " \t>")) == 0
}

// Continue implements parser.BlockParser.
func (markParser) Continue(ast.Node, text.Reader, parser.Context) parser.State { return parser.Close }

// Close implements parser.BlockParser.
func (markParser) Close(ast.Node, text.Reader, parser.Context) {}

// CanInterruptParagraph implements parser.BlockParser.
func (markParser) CanInterruptParagraph() bool { return true }

// CanAcceptIndentedLine implements parser.BlockParser.
func (markParser) CanAcceptIndentedLine() bool { return false }

// headingParser is one of goldmark's, and reads the mark at a heading's end.
type headingParser struct{ parser.BlockParser }

// Close implements parser.BlockParser.
func (p headingParser) Close(heading ast.Node, reader text.Reader, pc parser.Context) {
	p.BlockParser.Close(heading, reader, pc)
	last := heading.Lines().Len() - 1
	if last < 0 {
		return
	}
	segment := heading.Lines().At(last)
	line := segment.Value(reader.Source())
	m, start := markAt(line)
	if m == nil || start == 0 || !util.IsSpace(line[start-1]) {
		return
	}
	m.SetPos(segment.Start + start - segment.Padding)
	segment = segment.WithStop(m.Pos())
	heading.Lines().Set(last, segment.TrimRightSpace(reader.Source()))
	heading.Parent().InsertAfter(heading.Parent(), heading, m)
	remember(m, pc)
}

// Transform implements parser.ASTTransformer.
func (l languages) Transform(_ *ast.Document, reader text.Reader, pc parser.Context) {
	marks, _ := pc.Get(marksKey).([]*mark)
	var named []ast.Node
	var findings []Finding
	for _, m := range marks {
		block, problem := m.name()
		if problem == "" {
			named = append(named, block)
		} else if len(findings) < maxFindings {
			line := 1 + bytes.Count(reader.Source()[:m.Pos()], []byte("\n"))
			findings = append(findings, Finding{ID: problem, Line: line, Args: map[string]any{"Lang": shorten(m.lang, 40)}})
		}
		m.Parent().RemoveChild(m.Parent(), m)
	}
	for _, block := range named {
		if dir := typography.Direction(languageOf(block)); dir != l.around(block) {
			block.SetAttributeString("dir", []byte(dir))
		}
	}
	pc.Set(languageFindingsKey, findings)
}

var languageFindingsKey = parser.NewContextKey()

// languageFindings are those of a document that was parsed in the context.
func languageFindings(pc parser.Context) []Finding {
	findings, _ := pc.Get(languageFindingsKey).([]Finding)
	return findings
}

// name gives the block above the mark its language, or says what is wrong.
func (m *mark) name() (block ast.Node, problem string) {
	block = m.block()
	tag, err := language.Raw.Parse(strings.ReplaceAll(m.lang, "_", "-"))
	switch {
	case block == nil:
		return nil, "language-alone"
	case err != nil || tag == language.Und:
		return nil, "language-unknown"
	}
	block.SetAttributeString("lang", []byte(tag.String()))
	return block, ""
}

// block is the one that a mark follows, nil for none that has words.
func (m *mark) block() ast.Node {
	n := m.PreviousSibling()
	switch {
	case m.apart && m.HasBlankPreviousLines(): // goldmark says so, too, of what follows a fence
		return nil
	case m.note != nil:
		return m.note
	case n == nil:
		return nil
	}
	switch n.Kind() {
	case ast.KindParagraph, ast.KindTextBlock, ast.KindHeading, ast.KindBlockquote, ast.KindList,
		ast.KindCodeBlock, ast.KindFencedCodeBlock, east.KindTable:
		return n
	default:
		return nil
	}
}

// around is the direction of writing around a block.
func (l languages) around(block ast.Node) string {
	for n := block.Parent(); n != nil; n = n.Parent() {
		if lang := languageOf(n); lang != "" {
			return typography.Direction(lang)
		}
	}
	return l.dir
}

// languageOf is the language that an author named for a block, "" for none.
func languageOf(block ast.Node) string {
	value, _ := block.AttributeString("lang")
	lang, _ := value.([]byte)
	return string(lang)
}

// textBlockRenderer does as goldmark's, but gives the text of a tight list's
// item an element if it has a language.
type textBlockRenderer struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (textBlockRenderer) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindTextBlock, renderTextBlock)
}

func renderTextBlock(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	lang := langAttr(n)
	switch {
	case entering && lang != "":
		_, _ = w.WriteString("<span" + lang + ">")
	case !entering && lang != "":
		_, _ = w.WriteString("</span>")
	}
	if !entering && n.NextSibling() != nil && n.FirstChild() != nil {
		_ = w.WriteByte('\n')
	}
	return ast.WalkContinue, nil
}

// langAttr is a space and the attributes that name a block's language, or
// nothing. Their values are letters, digits and hyphens.
func langAttr(block ast.Node) string {
	lang := languageOf(block)
	if lang == "" {
		return ""
	}
	attr := ` lang="` + lang + `"`
	if dir, ok := block.AttributeString("dir"); ok {
		attr += ` dir="` + string(dir.([]byte)) + `"`
	}
	return attr
}
