package markdown

import "strings"

// maxOutput bounds each part of an entry, in bytes. An issue must stay below
// 100 KB; what passes 2 MiB is no entry but an attack on the program.
const maxOutput = 2 << 20

// output is a string builder that stops growing at its limit and remembers
// that it was passed.
type output struct {
	b     strings.Builder
	limit int
	over  bool
}

func (o *output) String() string { return o.b.String() }

func (o *output) write(parts ...string) {
	for _, s := range parts {
		if o.over || o.b.Len()+len(s) > o.limit {
			o.over = true
			return
		}
		o.b.WriteString(s)
	}
}

// writeEscaped writes text for an HTML element or a double-quoted attribute.
func (o *output) writeEscaped(s string) {
	if o.over {
		return
	}
	start := 0
	for i := 0; i < len(s); i++ {
		if e := entity(s[i]); e != "" {
			o.write(s[start:i])
			o.write(e)
			start = i + 1
		}
	}
	o.write(s[start:])
}

func entity(c byte) string {
	switch c {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '"':
		return "&quot;"
	default:
		return ""
	}
}

func escape(s string) string {
	o := output{limit: maxOutput}
	o.writeEscaped(s)
	return o.String()
}
