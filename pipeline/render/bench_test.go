package render_test

import (
	"strings"
	"testing"

	"github.com/infolettre/infolettre/pipeline/render"
)

func BenchmarkDocument(b *testing.B) {
	words, err := catalogue()
	if err != nil {
		b.Fatal(err)
	}
	r, err := render.New(config(), words, render.NewAssets(nil))
	if err != nil {
		b.Fatal(err)
	}
	iss := sample()
	iss.Items[1].Versions[0].Image.Src = ""
	iss.Items[1].Versions[0].Body = strings.Repeat("Quel vent ! Il \"souffle\" à 90 km/h, dit-on, sur la *dune* du 1er port.\n\n", 150)
	for b.Loop() {
		if _, _, err := r.Document(iss, "fr"); err != nil {
			b.Fatal(err)
		}
	}
}
