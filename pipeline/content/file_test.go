package content

import (
	"testing"

	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"
)

// Whatever is written as a text is read as that text.
func TestScalar(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Null": `"Null"`, "null": `"null"`, "NULL": `"NULL"`, "true": `"true"`, "Non": "Non", "no": `"no"`, "Y": `"Y"`,
		"La marée, demain": "La marée, demain", "a: b": `"a: b"`, "à ": `"à "`, "12": `"12"`, "": `""`, "Le billet #12": `"Le billet #12"`,
	} {
		if got := scalar(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`\pL[\pL\pN ’'.,!?;()«»\x{A0}/–—…-]*`)).Draw(t, "text")
		var read struct{ Title any }
		if err := yaml.Load([]byte("title: "+scalar(text)+"\n"), &read); err != nil || read.Title != text {
			t.Fatalf("%q: written %s, read %q, %v", text, scalar(text), read.Title, err)
		}
	})
}
