package check_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/pipeline/check"
	"github.com/infolettre/infolettre/pipeline/content"
)

func finding(id, file string, line int, args ...any) check.Finding {
	values := map[string]any{}
	for i := 0; i+1 < len(args); i += 2 {
		values[args[i].(string)] = args[i+1]
	}
	return check.From(content.Problem{ID: id, File: file, Line: line, Args: values})
}

func TestNew(t *testing.T) {
	t.Parallel()
	double := finding("link-duplicate", "a.md", 9, "URL", "u", "File", "b.md", "Line", 3)
	tests := []struct {
		name          string
		before, after []check.Finding
		renamed       map[string]string
		want          []int // indexes into after
	}{
		{"nothing before", nil, []check.Finding{double}, nil, []int{0}},
		{"the same further down",
			[]check.Finding{double},
			[]check.Finding{finding("link-duplicate", "a.md", 12, "URL", "u", "File", "b.md", "Line", 5)}, nil, nil},
		{"once more",
			[]check.Finding{finding("link-vague", "a.md", 1, "Text", "ici")},
			[]check.Finding{finding("link-vague", "a.md", 1, "Text", "ici"), finding("link-vague", "a.md", 5, "Text", "ici")}, nil, []int{1}},
		{"of something else",
			[]check.Finding{finding("link-vague", "a.md", 1, "Text", "ici")},
			[]check.Finding{finding("link-vague", "a.md", 1, "Text", "lien")}, nil, []int{0}},
		{"in another file",
			[]check.Finding{finding("image-alt", "a.md", 1, "URL", "u")},
			[]check.Finding{finding("image-alt", "b.md", 1, "URL", "u")}, nil, []int{0}},
		{"in a file renamed, and naming one",
			[]check.Finding{double},
			[]check.Finding{finding("link-duplicate", "A.md", 9, "URL", "u", "File", "B.md", "Line", 3)},
			map[string]string{"A.md": "a.md", "B.md": "b.md"}, nil},
		{"in a new file under the old name of another",
			[]check.Finding{finding("link-vague", "a.md", 1, "Text", "ici")},
			[]check.Finding{finding("link-vague", "a.md", 1, "Text", "ici"), finding("link-vague", "b.md", 1, "Text", "ici")},
			map[string]string{"a.md": "", "b.md": "a.md"}, []int{0}},
	}
	for _, tt := range tests {
		var want []check.Finding
		for _, i := range tt.want {
			want = append(want, tt.after[i])
		}
		if diff := cmp.Diff(want, check.New(tt.after, tt.before, tt.renamed)); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", tt.name, diff)
		}
	}
}

func folder(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestCompare(t *testing.T) {
	t.Parallel()
	before := folder(map[string]string{
		"same.md": "a\nb\n", "edited.md": "a\nb\n", "moved.md": "un\ndeux\n", "moved-edited.md": "trois\nquatre\ncinq\nsix\n",
		"gone.md": "sept\nhuit\n", "image.png": "1",
	})
	after := folder(map[string]string{
		"same.md": "a\r\nb\r\n", "edited.md": "a\nc\n", "2026/moved.md": "un\ndeux\n", "moved-edited.fr.md": "trois\n\nquatre\ncinq\nSIX\n",
		"new.md": "neuf\ndix\n", "image.png": "2",
	})
	c, err := check.Compare(before, after)
	if err != nil {
		t.Fatal(err)
	}
	var touched []string
	for name, is := range c.Touched {
		if is {
			touched = append(touched, name)
		}
	}
	slices.Sort(touched)
	if diff := cmp.Diff([]string{"edited.md", "moved-edited.fr.md", "new.md"}, touched); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"2026/moved.md": "moved.md", "moved-edited.fr.md": "moved-edited.md"}, c.Renamed); diff != "" {
		t.Error(diff)
	}
}

// Which text went where, by what is written below the front matter.
func TestCompareNames(t *testing.T) {
	t.Parallel()
	entry := func(title, text string) string {
		return "---\ntitle: " + title + "\nlang: fr\nsection: En bref\ndraft: true\n---\n" + text + "\n"
	}
	const tide, fair = "La marée monte au pied du phare.", "La foire ouvre ses portes samedi matin."
	for _, tt := range []struct {
		name          string
		before, after map[string]string
		want          map[string]string
	}{
		{"only the front matter is alike",
			map[string]string{"a.md": entry("A", tide)}, map[string]string{"b.md": entry("A", fair)}, map[string]string{}},
		{"only the front matter is not",
			map[string]string{"a.md": entry("A", tide)}, map[string]string{"b.md": "---\ntitle: B\n---\n" + tide}, map[string]string{"b.md": "a.md"}},
		{"two exchange their names",
			map[string]string{"a.md": entry("A", tide), "b.md": entry("B", fair)}, map[string]string{"a.md": entry("B", fair), "b.md": entry("A", tide)},
			map[string]string{"a.md": "b.md", "b.md": "a.md"}},
		{"two that are alike do",
			map[string]string{"a.md": entry("A", tide), "b.md": entry("B", tide)}, map[string]string{"a.md": entry("B", tide), "b.md": entry("A", tide)},
			map[string]string{"a.md": "b.md", "b.md": "a.md"}},
		{"a new one takes an old name",
			map[string]string{"a.md": entry("A", tide)}, map[string]string{"b.md": entry("A", tide), "a.md": entry("B", fair)},
			map[string]string{"b.md": "a.md", "a.md": ""}},
		{"a new one takes the old name of one that was edited",
			map[string]string{"a.md": entry("A", tide)}, map[string]string{"b.md": entry("A", tide+" Enfin."), "a.md": entry("B", fair)},
			map[string]string{"b.md": "a.md", "a.md": ""}},
		{"a copy, whose model was edited",
			map[string]string{"a.md": entry("A", tide)}, map[string]string{"b.md": entry("A", tide), "a.md": entry("A", tide+" Enfin.")}, map[string]string{}},
		{"rewritten under its own name",
			map[string]string{"a.md": entry("A", tide)}, map[string]string{"a.md": entry("A", fair)}, map[string]string{}},
	} {
		c, err := check.Compare(folder(tt.before), folder(tt.after))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, c.Renamed); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", tt.name, diff)
		}
	}
}
