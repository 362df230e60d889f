package markdown

import "strings"

// goldmark takes no context and cannot be stopped, so what would make it slow
// or large is refused before it starts. The numbers were measured with
// goldmark 1.8.7 on two cores, on inputs that pass all other limits.
const (
	maxSource  = 256 << 10 // bytes
	maxLine    = 16 << 10  // bytes
	maxNesting = 64        // quotes and lists in one another; 8,000 on one line take 0.15 s

	// Every row of a table gets all its columns, written or not: 11 KiB of
	// "|" become 1 GB of cells.
	maxColumns = 64
	maxCells   = 20_000

	// Lines and delimiters become nodes, of up to 1 KB each with what is
	// allocated on the way.
	maxPieces = 40_000

	// Matching delimiters takes time with the square of their number in a
	// block ("[a](" and "*a_" are the worst). 200 million, the square of
	// 14,000, take 0.4 s.
	maxMatching = 200_000_000
)

// Limits reports the first limit that a source passes, or nil.
func Limits(source string) *Finding {
	if len(source) > maxSource {
		return &Finding{ID: "limit-size", Line: 1, Args: map[string]any{"Size": (len(source) + 999) / 1000, "Count": maxSource / 1000}}
	}
	var s scan
	for line := range strings.SplitSeq(source, "\n") {
		if f := s.line(line); f != nil {
			return f
		}
	}
	return nil
}

// scan counts, line by line. It knows less of Markdown than goldmark does:
// where the two may differ it counts more, never less.
type scan struct {
	number     int // of the line
	pieces     int
	cells      int
	matching   int // of the blocks before this one
	delimiters int // in this block
	columns    int // of the widest table that may be open in this block
}

func (s *scan) line(line string) *Finding {
	s.number++
	body, depth := unnest(line)
	if strings.Trim(body, " \t") == "" {
		s.endBlock()
	}
	if isTableRule(body) {
		s.columns = max(s.columns, strings.Count(body, "|")+1)
		s.cells += s.columns // the header, one line above
	}
	found := delimiters(line)
	s.cells += s.columns
	s.delimiters += found
	s.pieces += 1 + found
	return s.passed(len(line), depth)
}

func (s *scan) endBlock() {
	s.matching += s.delimiters * s.delimiters
	s.delimiters = 0
	s.columns = 0
}

func (s *scan) passed(length, depth int) *Finding {
	for _, l := range []struct {
		id           string
		value, limit int
		shown        int // what an author is told
	}{
		{"limit-line", length, maxLine, maxLine / 1000},
		{"limit-nesting", depth, maxNesting, maxNesting},
		{"limit-columns", s.columns, maxColumns, maxColumns},
		{"limit-cells", s.cells, maxCells, maxCells},
		{"limit-pieces", s.pieces, maxPieces, maxPieces},
	} {
		if l.value > l.limit {
			return &Finding{ID: l.id, Line: s.number, Args: map[string]any{"Count": l.shown}}
		}
	}
	if s.matching+s.delimiters*s.delimiters > maxMatching {
		return &Finding{ID: "limit-delimiters", Line: s.number}
	}
	return nil
}

// unnest strips the marks of quotes and lists from a line and says how deep
// they may lead: one level each, and one for every two columns of indent,
// since a list inside a list may have its mark on an earlier line.
func unnest(line string) (body string, depth int) {
	if isRule(line) {
		return line, 0
	}
	body = line
	indent, marks := 0, 0
	for {
		trimmed := strings.TrimLeft(body, " \t")
		blanks := body[:len(body)-len(trimmed)]
		size := markSize(trimmed)
		if size == 0 {
			break
		}
		indent += len(blanks) + 3*strings.Count(blanks, "\t")
		marks++
		body = strings.TrimPrefix(trimmed[size:], " ")
	}
	return body, marks + indent/2
}

// markSize is the length of the quote or list mark that opens s, 0 for none.
func markSize(s string) int {
	if s == "" {
		return 0
	}
	if s[0] == '>' {
		return 1
	}
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	switch {
	case digits > 9 || digits == len(s):
		return 0
	case digits == 0 && strings.IndexByte("-+*", s[0]) < 0:
		return 0
	case digits > 0 && s[digits] != '.' && s[digits] != ')':
		return 0
	}
	size := max(digits, 0) + 1
	if size < len(s) && s[size] != ' ' && s[size] != '\t' {
		return 0
	}
	return size
}

// isRule reports a thematic break, which looks like a hundred lists.
func isRule(line string) bool {
	marks := strings.Trim(line, " \t")
	return marks != "" && strings.IndexByte("-*_", marks[0]) >= 0 && strings.Trim(marks, marks[:1]+" \t") == ""
}

// isTableRule reports a line that may be the one below a table's header.
func isTableRule(body string) bool {
	return strings.ContainsAny(body, "|:") && strings.Trim(body, "-|: \t") == "" && strings.Contains(body, "-")
}

// delimiters counts what goldmark tries to match in a line: each bracket and
// "<", and each run of the others.
func delimiters(line string) int {
	n := 0
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case '[', ']', '<':
			n++
		case '*', '_', '~', '`':
			if i == 0 || line[i-1] != c {
				n++
			}
		}
	}
	return n
}
