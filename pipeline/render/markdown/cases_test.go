package markdown

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/pipeline/render/typography"
)

var update = flag.Bool("update", false, "write what is got into testdata, to be read before it is kept")

// classes names each style in a class, and nothing else.
type classes struct{}

func (classes) Attr(name string) string { return `class="` + name + `"` }
func (classes) Color(name string) string {
	if name == "button-text" {
		return "#ffffff"
	}
	return "#0b57a4"
}

func french() Options {
	return Options{
		Styles: classes{},
		Words: Words{
			Image: func(alt string) string { return "[Image : " + alt + "]" },
			Field: func(label, value string) string { return label + " : " + value },
		},
		Resolve: folder,
	}
}

// rulesOf are the rules of a language, nil for none.
func rulesOf(lang string) *typography.Rules {
	rules, _ := typography.New(lang, typography.Options{})
	return rules
}

// folder knows one picture and one page, and refuses the rest as a content
// folder does.
func folder(kind Kind, dest string) (Target, *Finding) {
	switch {
	case strings.HasPrefix(dest, ".."):
		return Target{}, &Finding{ID: "target-outside", Args: map[string]any{"URL": dest}}
	case kind == Image && dest == "images/phare.jpg":
		return Target{URL: "https://lettre.exemple/media/phare.jpg", Width: 1200, Height: 801}, nil
	case kind == Image && dest == "images/logo.png":
		return Target{URL: "https://lettre.exemple/media/logo.png", Width: 64, Height: 48}, nil
	case kind == Link && dest == "autre-billet.md":
		return Target{URL: "https://lettre.exemple/fr/7#autre-billet"}, nil
	}
	return Target{}, &Finding{ID: "target-unknown", Args: map[string]any{"URL": dest}}
}

// TestCases converts each name.md of testdata/*.txtar and compares it with
// name.html, name.txt and name.findings beside it.
func TestCases(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			archive := split(string(data))
			want := map[string]string{}
			for _, m := range archive {
				want[m.name] = m.data
			}
			got := convertAll(t, archive)
			if *update {
				rewrite(t, file, archive, got)
				return
			}
			for _, name := range slices.Sorted(maps.Keys(got)) {
				if diff := cmp.Diff(want[name], got[name]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

func convertAll(t *testing.T, archive []member) map[string]string {
	t.Helper()
	options := french()
	if strings.HasPrefix(archive[0].data, "Typography") {
		options.Typography, options.RulesOf = rulesOf("fr"), rulesOf
	}
	c := New(options)
	got := map[string]string{}
	for _, f := range archive {
		name, isSource := strings.CutSuffix(f.name, ".md")
		if !isSource {
			continue
		}
		fragment, err := c.Convert(f.data)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
		if err := checkHTML(fragment.HTML); err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
		got[name+".html"] = fragment.HTML
		got[name+".txt"] = fragment.Text
		if len(fragment.Findings) > 0 {
			got[name+".findings"] = listed(fragment.Findings)
		}
	}
	return got
}

func listed(findings []Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%d %s", f.Line, f.ID)
		for _, k := range slices.Sorted(maps.Keys(f.Args)) {
			fmt.Fprintf(&b, " %s=%v", k, f.Args[k])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func rewrite(t *testing.T, file string, old []member, got map[string]string) {
	t.Helper()
	var b strings.Builder
	for _, f := range old {
		name, isSource := strings.CutSuffix(f.name, ".md")
		if f.name != "" && !isSource {
			continue
		}
		b.WriteString(f.String())
		for _, part := range []string{".html", ".txt", ".findings"} {
			if data, ok := got[name+part]; ok {
				b.WriteString(member{name + part, data}.String())
			}
		}
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// member is one file of a txtar archive; the one without a name is the
// archive's comment.
type member struct{ name, data string }

func (m member) String() string {
	if m.name == "" {
		return m.data
	}
	return "-- " + m.name + " --\n" + m.data
}

func split(archive string) []member {
	members := []member{{}}
	for line := range strings.Lines(archive) {
		if m := memberLine.FindStringSubmatch(line); m != nil {
			members = append(members, member{name: m[1]})
			continue
		}
		members[len(members)-1].data += line
	}
	return members
}

var memberLine = regexp.MustCompile(`^-- (\S+) --\n$`)
