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

func TestCompare(t *testing.T) {
	t.Parallel()
	folder := func(files map[string]string) fstest.MapFS {
		fsys := fstest.MapFS{}
		for name, text := range files {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		return fsys
	}
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
