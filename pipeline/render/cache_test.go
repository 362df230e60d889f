package render_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
)

// A Renderer with a cache gives what one without gives, whatever happens to
// the issue between two renderings.
func TestCache(t *testing.T) {
	t.Parallel()
	words, err := catalogue()
	if err != nil {
		t.Fatal(err)
	}
	files := pictures(t)
	fresh, err := render.New(config(), words, render.NewAssets(files))
	if err != nil {
		t.Fatal(err)
	}
	cached := fresh.WithCache(render.NewCache())

	iss := sample()
	edit := func(at int, change func(*content.Entry)) {
		item := &iss.Items[at]
		item.Versions = append([]content.Entry(nil), item.Versions...)
		for i := range item.Versions {
			change(&item.Versions[i])
			item.Versions[i].Hash = fmt.Sprintf("%x", item.Versions[i].Body+item.Versions[i].Section+item.Versions[i].Image.Src)
		}
	}
	for at := range iss.Items {
		edit(at, func(*content.Entry) {})
	}
	last := len(iss.Items) - 1
	for _, step := range []struct {
		name   string
		change func()
	}{
		{"first", func() {}},
		{"nothing changed", func() {}},
		{"a text changed", func() {
			edit(0, func(e *content.Entry) { e.Body += "\n\nEt ![un phare](images/phare%20de%20nuit.png) !" })
		}},
		{"an image grew", func() {
			var b bytes.Buffer
			if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 30, 20))); err != nil {
				t.Fatal(err)
			}
			files["images/phare de nuit.png"] = &fstest.MapFile{Data: b.Bytes()}
		}},
		{"an image went", func() { delete(files, "images/phare de nuit.png") }},
		{"a section was given", func() { edit(last, func(e *content.Entry) { e.Section = "Agenda" }) }},
		{"an entry that others link to left", func() { iss.Items = iss.Items[:last] }},
		{"the number changed", func() { iss.Number++ }},
		{"the order changed", func() { iss.Items = []issue.Item{iss.Items[1], iss.Items[0]} }},
		{"a text passed a limit", func() { edit(0, func(e *content.Entry) { e.Body = strings.Repeat("> ", 200) + "trop" }) }},
	} {
		step.change()
		for _, locale := range []string{"fr", "en"} {
			want, wantProblems, err := fresh.Document(iss, locale)
			if err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			got, problems, err := cached.Document(iss, locale)
			if err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s: documents differ (-fresh +cached):\n%s", step.name, locale, diff)
			}
			if diff := cmp.Diff(wantProblems, problems); diff != "" {
				t.Errorf("%s, %s: problems differ (-fresh +cached):\n%s", step.name, locale, diff)
			}
		}
		for _, item := range iss.Items {
			if diff := cmp.Diff(fresh.Check(item.Versions[0]), cached.Check(item.Versions[0])); diff != "" {
				t.Errorf("%s: checks differ (-fresh +cached):\n%s", step.name, diff)
			}
		}
	}
}
